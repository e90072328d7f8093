"""The names that programs give to media types, by the one that is used here."""

_NAMES = """
image/jpeg
    image/jpg image/jpe image/pjpeg image/x-jpeg image/x-citrix-jpeg image/x-citrix-pjpeg
image/png
    image/x-png image/x-citrix-png image/apng
image/gif
    image/x-citrix-gif
image/bmp
    image/x-bmp image/x-ms-bmp image/x-windows-bmp
image/tiff
    image/tif image/x-tiff image/x-tif
image/heic
    image/heic-sequence image/x-heic
image/heif
    image/heif-sequence
application/pdf
    application/x-pdf application/vnd.pdf application/acrobat text/pdf applications/vnd.pdf
    application/x-bzpdf text/x-pdf
application/rtf
    text/rtf application/x-rtf text/richtext
text/csv
    application/csv text/x-csv application/x-csv text/comma-separated-values
    text/x-comma-separated-values text/tab-separated-values
text/plain
    text/markdown text/x-markdown text/x-log text/log text/anytext text/x-diff application/txt
    application/x-txt
text/vcard
    text/directory text/x-vcard application/vcard application/x-vcard
text/calendar
    application/ics text/x-vcalendar application/calendar text/ics
application/xml
    text/xml
application/json
    text/json application/x-json text/x-json
image/svg+xml
    image/svg image/svg-xml
image/emf
    image/x-emf application/emf application/x-emf
image/wmf
    image/x-wmf application/wmf application/x-wmf application/x-msmetafile
application/zip
    application/x-zip application/x-zip-compressed application/x-compress-zip multipart/x-zip
    application/x-compressed
application/gzip
    application/x-gzip application/x-gunzip application/gzipped application/x-gtar-compressed
    application/x-tgz application/x-compressed-tar image/x-emz image/x-wmz
application/x-tar
    application/tar application/x-gtar
application/x-bzip2
    application/bzip2 application/x-bzip application/x-bz2
application/x-xz
    application/xz
application/vnd.rar
    application/x-rar application/x-rar-compressed application/rar
application/x-7z-compressed
    application/x-7zip application/7z
application/msword
    application/x-msword application/doc application/ms-word application/vnd.msword
    application/winword application/word
application/vnd.ms-excel
    application/x-msexcel application/excel application/x-excel application/ms-excel
    application/xls application/x-xls
application/vnd.ms-powerpoint
    application/mspowerpoint application/powerpoint application/x-mspowerpoint
    application/x-powerpoint application/ms-powerpoint
application/vnd.openxmlformats-officedocument.wordprocessingml.document
    application/wps-office.docx application/docx
    application/vnd.ms-word.document.macroenabled.12
    application/vnd.ms-word.template.macroenabled.12
    application/vnd.openxmlformats-officedocument.wordprocessingml.template
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
    application/wps-office.xlsx application/xlsx application/vnd.ms-excel.sheet.macroenabled.12
    application/vnd.ms-excel.template.macroenabled.12
    application/vnd.ms-excel.addin.macroenabled.12
    application/vnd.ms-excel.sheet.binary.macroenabled.12
    application/vnd.openxmlformats-officedocument.spreadsheetml.template
application/vnd.openxmlformats-officedocument.presentationml.presentation
    application/wps-office.pptx application/pptx
    application/vnd.ms-powerpoint.presentation.macroenabled.12
    application/vnd.ms-powerpoint.slideshow.macroenabled.12
    application/vnd.ms-powerpoint.template.macroenabled.12
    application/vnd.ms-powerpoint.addin.macroenabled.12
    application/vnd.openxmlformats-officedocument.presentationml.slideshow
    application/vnd.openxmlformats-officedocument.presentationml.template
application/vnd.apple.iwork
    application/vnd.apple.pages application/vnd.apple.numbers application/vnd.apple.keynote
    application/x-iwork-pages-sffpages application/x-iwork-numbers-sffnumbers
    application/x-iwork-keynote-sffkey
application/vnd.ms-outlook
    application/x-msg application/msoutlook application/outlook
audio/mpeg
    audio/mp3 audio/x-mp3 audio/x-mpeg audio/mpeg3 audio/x-mpeg-3 audio/mpg
audio/mp4
    audio/x-m4a audio/m4a audio/x-mp4 audio/mp4a-latm audio/x-m4b
audio/wav
    audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav
audio/ogg
    audio/opus audio/x-opus application/ogg audio/x-ogg audio/vorbis
audio/amr
    audio/amr-wb audio/x-amr
audio/aac
    audio/x-aac audio/aacp audio/x-hx-aac-adts
audio/flac
    audio/x-flac
audio/aiff
    audio/x-aiff
video/mp4
    video/x-m4v video/m4v video/x-mp4
video/3gpp
    video/3gp video/3gpp2 audio/3gpp audio/3gpp2
video/x-msvideo
    video/avi video/msvideo video/vnd.avi application/x-troff-msvideo
video/x-ms-asf
    video/x-ms-wmv audio/x-ms-wma
video/mpeg
    video/x-mpeg video/mpg
application/pkcs7-signature
    application/x-pkcs7-signature
application/pkcs7-mime
    application/x-pkcs7-mime
application/ms-tnef
    application/vnd.ms-tnef
"""


def _read_names(text: str) -> dict[str, str]:
    """Return the usual name of each: a line without indent begins with it."""
    usual = ""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith(" "):
            found.update(dict.fromkeys(line.split(), usual))
        else:
            usual = line
    return found


SYNONYMS = _read_names(_NAMES)
