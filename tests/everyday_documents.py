"""Pictures and documents that customers of small shops attach: made by telephones, scanners and
office programs; each with the names it comes under and the types that mail programs give it.
"""

import struct
import zlib

from tests.made_files import (
    JPEG,
    OFFICE,
    boxes,
    docx,
    odf,
    ole,
    package,
    pdf,
    png,
    pptx,
    relationship,
    relationships,
    stream,
    xlsx,
    zipped,
)

OCTETS = "application/octet-stream"
WORD, EXCEL, SLIDES = (
    f"{OFFICE}.{it}"
    for it in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
Everyday = tuple[bytes, tuple[str, ...], tuple[str, ...]]

# --- pictures of telephones, cameras and screens ----------------------------------------------

_EXIF = b"\xff\xe1\x00\x16Exif\x00\x00MM\x00*\x00\x00\x00\x08" + bytes(6)
_XMP = (
    b"http://ns.adobe.com/xap/1.0/\x00<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?>"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta><?xpacket end="w"?>'
)


def _marked(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


EXIF_PHOTO = b"\xff\xd8" + _EXIF + _marked(0xE1, _XMP) + JPEG[2:]
MPO = EXIF_PHOTO + _marked(0xE2, b"MPF\x00II*\x00" + bytes(40)) + JPEG
MOTION_PHOTO = EXIF_PHOTO + boxes(b"isom", b"mp42") + b"MotionPhoto_Data" + b"SEFT"
DNG = b"II*\x00\x08\x00\x00\x00" + b"\x01\x00\x12\xc6\x01\x00\x04\x00\x00\x00\x01\x04\x00\x00" * 9
HEIC_SEQUENCE = boxes(b"hevc", b"mif1", b"heic", b"hevc")
HEIC_OF_SAMSUNG = boxes(b"mif1", b"mif1", b"heic", b"miaf")
AVIF = boxes(b"avif", b"avif", b"mif1", b"miaf")
APNG = png()[:33] + b"\x00\x00\x00\x08acTL" + bytes(12) + png()[33:]
PNG_WITH_TEXT = (
    png()[:33] + b"\x00\x00\x00\x1biTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00" + png()[33:]
)
WEBP_ANIMATED = b"RIFF" + struct.pack("<I", 604) + b"WEBPVP8X" + bytes(592)
DRAWING = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
    b"<style>.a{fill:#111}</style><defs><path id='p' d='M0 0h9'/></defs><use xlink:href='#p'/>"
    b"<text class='a' x='1' y='5'>Anna &amp; Luca</text></svg>"
)
PICTURES: list[Everyday] = [
    (
        EXIF_PHOTO,
        ("20261120_101112.jpg", "IMG-20261120-WA0007.jpeg", "image0.jpeg"),
        ("image/jpeg",),
    ),
    (EXIF_PHOTO, ("download.jfif", "FullSizeRender.jpe", "photo"), ("image/jpeg", OCTETS)),
    (MPO, ("DSC_0001.MPO", "IMG_20261120.jpg"), ("image/mpo", "image/jpeg", OCTETS)),
    (MOTION_PHOTO, ("PXL_20261120_101112.MP.jpg", "IMG_1.MP"), ("image/jpeg", OCTETS)),
    (DNG, ("IMG_0007.DNG",), ("image/x-adobe-dng", "image/dng", OCTETS, "image/tiff")),
    (HEIC_SEQUENCE, ("IMG_0008.HEICS", "IMG_0008.heic"), ("image/heic-sequence", "image/heic")),
    (
        HEIC_OF_SAMSUNG,
        ("20261120_101112.heic", "IMG_9.heif"),
        ("image/heif", "image/heic", "image/jpeg"),
    ),
    (AVIF, ("ring.avif", "ring.jpg"), ("image/avif", "image/jpeg", "image/webp")),
    (APNG, ("sticker.png",), ("image/apng", "image/png", "image/vnd.mozilla.apng")),
    (
        PNG_WITH_TEXT,
        ("Bildschirmfoto 2026-11-20 um 10.11.12.png", "image.png"),
        ("image/png", "image/jpeg"),
    ),
    (
        WEBP_ANIMATED,
        ("sticker.webp", "STK-20261120-WA0001.webp"),
        ("image/webp", "image/png", "image/jpeg"),
    ),
    (DRAWING, ("gravur.svg", "logo.svg"), ("image/svg+xml", "image/svg", "text/xml", OCTETS)),
]

# --- PDFs by who made them --------------------------------------------------------------------


def _object(number: int, content: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, content)


def _made_by(producer: bytes, *objects: bytes) -> bytes:
    return pdf(
        _object(8, b"<< /Producer (%s) /CreationDate (D:20261120101112+01'00') >>" % producer),
        *objects,
    )


_FLATE = b"/Filter /FlateDecode"
_PAGE = zlib.compress(b"BT /F1 12 Tf 72 720 Td (Rechnung) Tj ET")
_FONT = stream(_FLATE + b" /Length1 400", zlib.compress(b"\x00\x01\x00\x00" + bytes(400)), 11)
_CROSS_REFERENCES = stream(
    b"/Type /XRef /W [1 2 1] /Root 1 0 R "
    + _FLATE
    + b" /DecodeParms << /Columns 4 /Predictor 12 >>",
    zlib.compress(bytes(50)),
    12,
)
_PACKED = stream(
    b"/Type /ObjStm /N 2 /First 10 " + _FLATE,
    zlib.compress(b"1 0 2 20 << /Type /Page >> << >>"),
    13,
)
_SIGNED = _object(
    14,
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 9 99 9] /Contents <"
    b"30820100" + b"0" * 600 + b"> >>",
)
_FORM = _object(
    15,
    b"<< /AcroForm << /Fields [16 0 R] /NeedAppearances true /DA (/Helv 0 Tf 0 g) >> >>",
) + _object(16, b"<< /FT /Tx /T (Bestellnummer) /V (204178) /Subtype /Widget >>")
_OUTPUT = stream(b"/N 3 " + _FLATE, zlib.compress(bytes(128) + b"acsp"), 17) + stream(
    b"/Type /Metadata /Subtype /XML",
    b"<?xpacket begin='' id='x'?><x:xmpmeta><pdfaid:part>3</pdfaid:part></x:xmpmeta>",
    18,
)
INVOICE = b'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>R-77</ID></Invoice>\n'
_ZUGFERD = _object(
    19,
    b"<< /Type /Filespec /F (factur-x.xml) /UF (factur-x.xml) /AFRelationship /Alternative /EF << /F 20 0 R >> >>",
) + stream(b"/Type /EmbeddedFile /Subtype /text#2Fxml " + _FLATE, zlib.compress(INVOICE), 20)
_PROTECTED = _object(21, b"<< /Encrypt 22 0 R >>") + _object(
    22,
    b"<< /Filter /Standard /V 4 /R 4 /P -1084 /O (" + b"x" * 32 + b") /U (" + b"y" * 32 + b") >>",
)
_LINEAR = pdf(head=b"").replace(
    b"1 0 obj", b"7 0 obj\n<< /Linearized 1 /L 999 >>\nendobj\n1 0 obj", 1
)
_FAX = stream(
    b"/Subtype /Image /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 >>",
    bytes(300),
    23,
)
_SCAN = stream(b"/Subtype /Image /Filter /JPXDecode", bytes(300), 24) + stream(
    b"/Subtype /Image /Filter /JBIG2Decode", bytes(300), 25
)
_ACTIONS = (
    _object(26, b"<< /OpenAction << /S /GoTo /D [3 0 R /XYZ null null 0] >> /PageMode /UseNone >>")
    + _object(27, b"<< /S /Named /N /Print >>")
    + _object(28, b"<< /A << /S /SubmitForm /F (https://shop.example/return) >> >>")
)

PDFS: list[Everyday] = [
    (
        _made_by(b"Microsoft\\256 Word 2021", _FONT, _CROSS_REFERENCES, _PACKED),
        ("Brief.pdf",),
        ("application/pdf", OCTETS),
    ),
    (
        _made_by(b"LibreOffice 7.4", stream(_FLATE, _PAGE), _FONT, _OUTPUT),
        ("offerta.pdf",),
        ("application/pdf",),
    ),
    (
        _made_by(b"Skia/PDF m131", stream(_FLATE, _PAGE), _ACTIONS),
        ("Ihre Bestellung.pdf",),
        ("application/pdf",),
    ),
    (
        _made_by(b"iOS Version 18.1 Quartz PDFContext"),
        ("Scanned Documents.pdf", "Scansione 1.PDF"),
        ("application/pdf", "application/x-pdf", "text/pdf"),
    ),
    (
        _made_by(b"Canon iR-ADV C3520", _FAX),
        ("0001_20261120.pdf", "doc20261120101112"),
        ("application/pdf", OCTETS),
    ),
    (
        _made_by(b"EPSON Scan 2", _SCAN),
        ("img20261120_10111213.pdf",),
        ("application/pdf", "application/acrobat"),
    ),
    (
        _made_by(b"Acrobat Pro DC 24", _FORM, _PACKED, _CROSS_REFERENCES),
        ("Reklamationsformular.pdf",),
        ("application/pdf",),
    ),
    (
        _made_by(b"DocuSign", _FORM, _SIGNED),
        ("contract signed.pdf",),
        ("application/pdf", "application/download"),
    ),
    (
        _made_by(b"Mustangproject", _OUTPUT, _ZUGFERD),
        ("ZUGFeRD-Rechnung.pdf",),
        ("application/pdf",),
    ),
    (
        _made_by(
            b"iText 7",
            _PROTECTED,
            stream(b"/Type /ObjStm /N 1 /First 4 " + _FLATE, bytes(range(64)), 29),
        ),
        ("Kontoauszug.pdf",),
        ("application/pdf",),
    ),
    (
        _LINEAR + b"\n\n\n" + bytes(20),
        ("ticket.pdf",),
        ("application/pdf", "application/force-download", "binary/octet-stream"),
    ),
    (
        _made_by(b"DHL", stream(_FLATE, _PAGE)),
        ("DHL-Retourenlabel-00340434.pdf", "etichetta.pdf"),
        ("application/pdf", "application/x-download"),
    ),
    (
        pdf() + b"%PDF-incremental\n" + _object(30, b"<< /Annots [] >>") + b"startxref\n0\n%%EOF\n",
        ("notes.pdf",),
        ("application/pdf",),
    ),
]

# --- office files -----------------------------------------------------------------------------

EMF = b"\x01\x00\x00\x00" + bytes(36) + b" EMF" + bytes(60)
LETTER = docx(
    {
        "word/settings.xml": "<w:settings/>",
        "word/fontTable.xml": "<w:fonts/>",
        "word/fonts/font1.odttf": bytes(500),
        "word/media/image1.emf": EMF,
        "word/media/image2.png": png(),
        "word/media/image3.svg": DRAWING,
        "word/theme/theme1.xml": "<a:theme/>",
        "word/header1.xml": "<w:hdr><w:instrText> PAGE </w:instrText></w:hdr>",
        "word/embeddings/oleObject1.bin": ole({"\x01Ole10Native": package("Angebot.pdf", pdf())}),
        "customXml/item1.xml": "<b:Sources/>",
        "docProps/thumbnail.jpeg": JPEG,
        "word/_rels/document.xml.rels": relationships(
            relationship("image", "https://shop.example/logo.png"),
            relationship("hyperlink", "mailto:support@shop.example"),
        ),
    }
)
_XLSX_OF_EXCEL = xlsx(
    {
        "xl/sharedStrings.xml": "<sst/>",
        "xl/printerSettings/printerSettings1.bin": bytes(100),
        "xl/charts/chart1.xml": "<c:chartSpace/>",
        "xl/externalLinks/externalLink1.xml": "<externalLink><externalBook/></externalLink>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": relationships(
            relationship("externalLinkPath", "file:///C:\\Users\\Anna\\prices.xlsx")
        ),
    }
)
_PPTX_OF_POWERPOINT = pptx(
    {
        "ppt/media/media1.mp4": boxes(b"isom"),
        "ppt/media/image1.svg": DRAWING,
        "ppt/embeddings/Microsoft_Excel_Worksheet.xlsx": xlsx(),
        "ppt/fonts/font1.fntdata": bytes(100),
    }
)
_XLSB = zipped(
    {
        "[Content_Types].xml": "<Types><Default Extension='bin' ContentType='application/vnd.ms-excel.sheet.binary.main'/></Types>",
        "xl/workbook.bin": bytes(50),
        "xl/worksheets/sheet1.bin": bytes(50),
    }
)
_NUMBERS = zipped(
    {
        "Index/Document.iwa": b"x",
        "Index/Tables/DataList.iwa": b"x",
        "preview.jpg": JPEG,
        "Data/photo-1.heic": boxes(b"heic"),
    }
)
_ODT = odf(
    more={
        "Thumbnails/thumbnail.png": png(),
        "Pictures/1.jpg": JPEG,
        "settings.xml": "<x/>",
        "Configurations2/accelerator/current.xml": "",
    }
)
_RTF = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl\\f0\\fswiss Helvetica;}\\f0\\fs24 Gr\\'fc\\'dfe {\\field{\\*\\fldinst{HYPERLINK \"https://shop.example/\"}}{\\fldrslt hier}}}"

OFFICES: list[Everyday] = [
    (
        LETTER,
        ("Angebot.docx", "Beschwerde (Entwurf 2).docx"),
        (WORD, OCTETS, "application/vnd.ms-word", "application/x-zip-compressed"),
    ),
    (_XLSX_OF_EXCEL, ("Bestellliste.xlsx",), (EXCEL, "application/x-msexcel", "application/zip")),
    (
        _PPTX_OF_POWERPOINT,
        ("Präsentation.pptx", "show.ppsx"),
        (SLIDES, f"{OFFICE}.presentationml.slideshow", OCTETS),
    ),
    (_XLSB, ("table.xlsb",), ("application/vnd.ms-excel.sheet.binary.macroEnabled.12", OCTETS)),
    (docx(), ("Vorlage.dotx",), (f"{OFFICE}.wordprocessingml.template", OCTETS)),
    (
        _NUMBERS,
        ("Liste.numbers",),
        (
            "application/vnd.apple.numbers",
            "application/x-iwork-numbers-sffnumbers",
            OCTETS,
            "application/zip",
        ),
    ),
    (
        _NUMBERS,
        ("Ringe.key",),
        ("application/vnd.apple.keynote", "application/x-iwork-keynote-sffkey"),
    ),
    (
        _ODT,
        ("reclamo.odt",),
        (
            "application/vnd.oasis.opendocument.text",
            "application/x-vnd.oasis.opendocument.text",
            OCTETS,
        ),
    ),
    (
        odf("presentation"),
        ("show.odp",),
        ("application/vnd.oasis.opendocument.presentation", OCTETS),
    ),
    (odf("graphics"), ("gravur.odg",), ("application/vnd.oasis.opendocument.graphics", OCTETS)),
    (_RTF, ("Brief.rtf", "letter.doc"), ("application/rtf", "text/richtext", "application/msword")),
    (
        ole({"WordDocument": b"x" * 4096, "ObjectPool": b"", "Data": b"x"}),
        ("alt.doc", "vorlage.dot"),
        ("application/msword", "application/vnd.ms-word", OCTETS),
    ),
    (
        ole({"PowerPoint Document": b"x", "Pictures": JPEG}),
        ("show.pps",),
        ("application/vnd.ms-powerpoint",),
    ),
]
