"""The long default lists: which files are welcome, which never."""

# What customers send: photographs, scans, documents, a short film, a contact, a signature.
ALLOWED_TYPES = tuple(
    (
        "image/jpeg image/png image/gif image/webp image/heic image/heif image/avif image/bmp "
        "image/tiff application/pdf text/plain text/csv text/calendar text/vcard text/x-vcard "
        "application/rtf text/rtf application/msword application/vnd.ms-excel "
        "application/vnd.ms-powerpoint "
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
        "application/vnd.openxmlformats-officedocument.presentationml.presentation "
        "application/vnd.oasis.opendocument.text application/vnd.oasis.opendocument.spreadsheet "
        "application/vnd.oasis.opendocument.presentation audio/mpeg audio/mp4 audio/ogg audio/wav "
        "video/mp4 video/quicktime video/webm video/3gpp message/rfc822 message/delivery-status "
        "text/rfc822-headers application/pgp-signature application/pkcs7-signature "
        "application/x-pkcs7-signature "
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
