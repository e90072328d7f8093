"""Lists, recordings, archives and mails that customers of small shops attach; each with the names it
comes under and the types that mail programs give it.
"""

import gzip
import io
import json
import zipfile

from tests.everyday_documents import (
    DRAWING,
    EMF,
    INVOICE,
    LETTER,
    OFFICES,
    PDFS,
    PICTURES,
    Everyday,
)
from tests.made_files import (
    JPEG,
    boxes,
    mail_with,
    ole,
    packed,
    pdf,
    png,
    riff,
    tarred,
    zipped,
)

OCTETS = "application/octet-stream"
# --- texts, lists, exports --------------------------------------------------------------------

_TABLE = "Größe;Preis\r\nM;12,50 €\r\n"
_ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Abholung\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
_VCARD = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller\r\nPHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\nEND:VCARD\r\n"
_JSON = json.dumps({"order": 204178, "items": [{"sku": "R-1", "qty": 1}]}, indent=1).encode()
_XML = b"\xef\xbb\xbf" + INVOICE
_FATTURA = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="fatturapa_v1.2.1.xsl"?>\n'
    b'<p:FatturaElettronica xmlns:ds="http://www.w3.org/2000/09/xmldsig#" versione="FPR12"'
    b' xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">\n<Data>2026-11-20</Data>\n'
    b"</p:FatturaElettronica>\n"
)
_GPX = b'<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="45" lon="9"/></gpx>'
_KML = b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Laden</name></Placemark></kml>'
_KMZ = zipped({"doc.kml": _KML})
_CODES = ("utf-8-sig", "cp1252", "iso-8859-15", "utf-16", "mac-roman")
_LANGUAGES = {
    "cp1251": "Где мой заказ?",
    "koi8-r": "Где мой заказ?",
    "shift_jis": "注文について",
    "gb18030": "订单在哪里",
    "big5": "訂單在哪裡",
    "euc-kr": "주문 확인",
    "windows-1253": "Πού είναι",
    "windows-1256": "أين طلبي",
    "iso-2022-jp": "注文について",
}

TEXTS: list[Everyday] = [
    *(
        (
            _TABLE.encode(code),
            (f"preise-{code}.csv",),
            ("text/csv", "application/vnd.ms-excel", "text/plain", OCTETS),
        )
        for code in _CODES
    ),
    *(
        (text.encode(code) + b"\r\n", (f"note-{code}.txt",), ("text/plain", OCTETS))
        for code, text in _LANGUAGES.items()
    ),
    (
        _TABLE.replace(";", "\t").encode(),
        ("export.tsv", "export.tab"),
        ("text/tab-separated-values", OCTETS),
    ),
    (b"# Notes\n\n- one\n", ("notes.md",), ("text/markdown", "text/x-markdown", OCTETS)),
    (_VCARD, ("contact.vcf", "Müller.vcf"), ("text/x-vcard", "text/vcard", OCTETS, "text/plain")),
    (_ICS, ("invite.ics", "Termin.ics"), ("text/calendar", "application/ics", OCTETS)),
    (_JSON, ("order.json", "export.json"), ("application/json", "text/json", OCTETS, "text/plain")),
    (_XML, ("rechnung.xml", "xrechnung.xml"), ("application/xml", "text/xml", OCTETS)),
    (_FATTURA, ("IT01234567890_00001.xml",), ("application/xml", "text/xml", OCTETS, "text/plain")),
    (_GPX, ("route.gpx",), ("application/gpx+xml", OCTETS)),
    (_KML, ("shop.kml",), ("application/vnd.google-earth.kml+xml", OCTETS)),
    (_KMZ, ("shop.kmz",), ("application/vnd.google-earth.kmz", OCTETS)),
    (b"", ("empty.txt",), ("text/plain",)),
    (
        b"2026-11-20 10:11:12 ERROR paypal timeout\n" * 90,
        ("error.log", "checkout.log.1"),
        ("text/x-log", OCTETS),
    ),
]

# --- voices and films -------------------------------------------------------------------------

_OPUS = b"OggS\x00\x02" + bytes(22) + b"OpusHead\x01\x01" + bytes(100)
RECORDINGS: list[Everyday] = [
    (
        _OPUS,
        ("PTT-20261120-WA0003.opus", "audio_2026-11-20.ogg"),
        ("audio/ogg; codecs=opus", "audio/opus", "video/ogg"),
    ),
    (
        boxes(b"M4A ", b"mp42", b"isom"),
        ("New Recording 4.m4a", "Sprachmemo.m4a"),
        ("audio/x-m4a", "audio/mp4", "audio/aac", "video/mp4"),
    ),
    (
        boxes(b"qt  "),
        ("Memo.qta", "IMG_0009.MOV", "trim.mov"),
        ("audio/quicktime", "video/quicktime", "video/mp4"),
    ),
    (
        boxes(b"mp42", b"isom"),
        ("Voicemail.m4a", "VID-20261120-WA0004.mp4", "clip.m4v"),
        ("video/mp4", "video/x-m4v", "audio/mp4", OCTETS),
    ),
    (
        boxes(b"3gp5"),
        ("VID_0001.3gp", "rec.3gpp", "aufnahme.3ga"),
        ("video/3gpp", "audio/3gpp", "video/3gpp2"),
    ),
    (
        b"#!AMR-WB\n" + bytes(100),
        ("Aufnahme.amr", "voice.awb"),
        ("audio/amr-wb", "audio/AMR", "audio/amr"),
    ),
    (
        b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(300),
        ("voicemail_0391.mp3",),
        ("audio/mpeg", "audio/mpeg3", "audio/mpg"),
    ),
    (
        riff(b"WAVE"),
        ("message.WAV", "voicemail.wav"),
        ("audio/wav", "audio/vnd.wave", "audio/x-pn-wav", OCTETS),
    ),
    (b"\xff\xf1P\x80" + bytes(200), ("rec.aac",), ("audio/aac", "audio/aacp", "audio/x-aac")),
    (b"caff\x00\x01\x00\x00" + bytes(100), ("Nachricht.caf",), ("audio/x-caf", OCTETS)),
    (
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(99),
        ("voice.webm", "screen.webm"),
        ("audio/webm", "video/webm"),
    ),
    (b"\x00\x00\x01\xba" + bytes(200), ("film.mpg", "MOV001.MPG"), ("video/mpeg", OCTETS)),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(200),
        ("film.wmv", "voice.wma"),
        ("video/x-ms-wmv", "audio/x-ms-wma", OCTETS),
    ),
]

# --- archives, mails, keys --------------------------------------------------------------------


class _Pipe(io.BytesIO):
    """What cannot be gone back in: sizes stand behind the files, as telephones write them."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation


def _streamed() -> bytes:
    target = _Pipe()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IMG_0001.jpg", JPEG)
        archive.writestr("IMG_0002.heic", boxes(b"heic"))
    return target.getvalue()


def _commented() -> bytes:
    target = io.BytesIO(zipped({"Foto.jpg": JPEG, "Rechnung.pdf": pdf()}))
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = b"from my telephone"
    return target.getvalue()


_APPLE = {
    "IMG_0001.HEIC": boxes(b"heic"),
    "IMG_0001.MOV": boxes(b"qt  "),
    "__MACOSX/._IMG_0001.HEIC": b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(40),
    ".DS_Store": b"\x00\x00\x00\x01Bud1",
}
_TAKEOUT = {
    "Takeout/Photos/a.jpg": JPEG,
    "Takeout/Photos/a.jpg.json": _JSON,
    "Takeout/archive.csv": _TABLE.encode(),
    "Takeout/logo.svg": DRAWING,
}
_PASS = zipped(
    {"pass.json": _JSON, "manifest.json": b"{}", "signature": b"0\x82\x01\x00", "icon.png": png()}
)
_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_HEAD = b"0\x80" + _OID + b"\x02\xa0\x800\x80\x02\x01\x011\x0f0\x0d0\x80"
_SIGNATURE = _HEAD + _OID + b"\x01\x00\x00" + bytes(90)
_REPLY = b"From: a@b.example\nTo: c@d.example\nSubject: Order\nMessage-ID: <1@b.example>\n\nWhere is it?\n"

PACKED: list[Everyday] = [
    (
        _streamed(),
        ("Fotos.zip", "Archiv.zip"),
        ("application/zip", "application/x-zip-compressed", OCTETS),
    ),
    (_commented(), ("iCloud Photos.zip",), ("application/zip",)),
    (zipped(_APPLE), ("IMG_0001.zip",), ("application/zip", OCTETS)),
    (zipped(_TAKEOUT), ("takeout-20261120.zip",), ("application/zip",)),
    (
        zipped({"docs/letter.docx": LETTER, "docs/mail.eml": _REPLY, "docs/r.xml": _XML}),
        ("alles.zip",),
        ("application/zip",),
    ),
    (_PASS, ("ticket.pkpass",), ("application/vnd.apple.pkpass", OCTETS)),
    (
        gzip.compress(_TABLE.encode() * 50),
        ("export.csv.gz",),
        ("application/gzip", "application/x-gzip", OCTETS),
    ),
    (
        packed(tarred({"shop/a.jpg": JPEG, "shop/b.txt": b"x"}), "gz"),
        ("shop.tgz",),
        ("application/gzip", OCTETS),
    ),
    (_REPLY, ("Order.eml", "Re_ Order.eml", "mail.eml"), ("message/rfc822", OCTETS, "text/plain")),
    (
        mail_with("photo.heic", boxes(b"heic"), "image/heic"),
        ("FW.eml",),
        ("message/rfc822", OCTETS),
    ),
    (
        ole(
            {
                "__substg1.0_0037001F": b"x",
                "__attach_version1.0_#00000000/__substg1.0_37010102": JPEG,
            }
        ),
        ("AW Bestellung.msg",),
        ("application/vnd.ms-outlook", "application/msoutlook", OCTETS),
    ),
    (
        _SIGNATURE,
        ("smime.p7s",),
        ("application/pkcs7-signature", "application/x-pkcs7-signature", OCTETS),
    ),
    (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF\n-----END PGP PUBLIC KEY BLOCK-----\n",
        ("OpenPGP_0xABCDEF.asc", "key.asc"),
        ("application/pgp-keys", "text/plain"),
    ),
    (
        b"-----BEGIN PGP SIGNATURE-----\n\niQEzBA\n-----END PGP SIGNATURE-----\n",
        ("OpenPGP_signature.asc", "OpenPGP_signature"),
        ("application/pgp-signature",),
    ),
]

# --- what mail programs add by themselves -----------------------------------------------------

_EMZ = gzip.compress(EMF)
ADDED: list[Everyday] = [
    (b"\n\nSent from my iPhone\n", ("ATT00001.txt", "ATT00002.txt"), ("text/plain",)),
    (_EMZ, ("image003.emz",), ("image/x-emz", OCTETS)),
    (EMF, ("image004.emf",), ("image/emf", "image/x-emf", OCTETS)),
    (b"\xd7\xcd\xc6\x9a" + bytes(60), ("image005.wmf",), ("image/wmf", "image/x-wmf")),
    (
        b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(60),
        ("._photo.jpg", "photo.jpg"),
        ("application/applefile",),
    ),
]

MORE_EVERYDAY = [*PICTURES, *PDFS, *OFFICES, *TEXTS, *RECORDINGS, *PACKED, *ADDED]
