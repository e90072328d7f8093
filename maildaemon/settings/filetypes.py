"""The long default lists: which files are welcome, which never."""

# What customers send: photographs, scans, documents, a short film, a voice mail, a contact, a
# signature, a zip of all that.
ALLOWED_TYPES = tuple(
    (
        "image/jpeg image/png image/gif image/webp image/heic image/heif image/avif image/bmp "
        "image/tiff image/svg+xml image/emf image/wmf "
        "application/pdf text/plain text/csv text/calendar text/vcard text/x-vcard "
        "application/json application/xml "
        "application/rtf text/rtf application/msword application/vnd.ms-excel "
        "application/vnd.ms-powerpoint application/vnd.ms-outlook "
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
        "application/vnd.openxmlformats-officedocument.presentationml.presentation "
        "application/vnd.oasis.opendocument.text application/vnd.oasis.opendocument.spreadsheet "
        "application/vnd.oasis.opendocument.presentation "
        "application/vnd.oasis.opendocument.graphics application/vnd.apple.pages "
        "application/vnd.apple.numbers application/vnd.apple.keynote "
        "audio/mpeg audio/mp4 audio/ogg audio/wav audio/amr audio/aac audio/x-caf audio/flac "
        "video/mp4 video/quicktime video/webm video/3gpp video/x-msvideo video/x-matroska "
        "video/mpeg video/x-ms-asf "
        "application/zip application/gzip application/x-tar message/rfc822 message/global "
        "message/delivery-status message/disposition-notification text/rfc822-headers "
        "application/pgp-signature application/pgp-keys application/pkcs7-signature "
        "application/x-pkcs7-signature application/applefile "
    ).split()
)

# What Gmail and Outlook refuse to deliver, taken together.
BLOCKED_EXTENSIONS = tuple(
    (
        "ade adp apk app appcontent-ms application appref-ms appx appxbundle asp aspx asx bas bat "
        "bgi cab cdxml cer chm cmd cnt com cpl crt csh der diagcab diagcfg diagpkg dll dmg ex ex_ "
        "exe fxp gadget grp hlp hpj hta htc img inf ins iso isp its jar jnlp js jse ksh lib "
        "library-ms lnk mad maf mag mam maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz "
        "mht mhtml mjs msc msh msh1 msh1xml msh2 msh2xml mshxml msi msix msixbundle msp mst msu "
        "nsh ops osd pcd pif pl plg prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 "
        "psdm1 pst py pyc pyo pyw pyz pyzw rdp reg scf scr sct search-ms settingcontent-ms shb "
        "shs sys theme udl url vb vbe vbp vbs vhd vhdx vsmacros vsw vxd webpnp website ws wsb wsc "
        "wsf wsh xbap xll xnk "
    ).split()
)
