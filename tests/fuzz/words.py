"""Words with which mail is damaged: what parsers of all kinds have stumbled over."""

CHARSETS = tuple(
    b"utf-8 us-ascii iso-8859-1 iso-8859-8-i windows-1252 win-1251 koi8-r utf-7 utf-16 utf-16le "
    b"utf-32 iso-2022-jp iso-2022-kr iso-2022-cn hz gb18030 gb2312 big5 shift_jis euc-kr x-unknown "
    b"ks_c_5601-1987 cp437 x-mac-cyrillic unicode-1-1-utf-7 idna punycode undefined unicode_escape "
    b"raw_unicode_escape zlib_codec bz2_codec base64_codec hex rot13 quopri uu mbcs oem "
    b"utf-8-sig utf_8_sig 8bit binary none unknown-8bit cp65001 utf8mb4 tis-620 viscii \x00 =?= "
    b"charmap cp037 utf-8'en' x-user-defined iso-10646-ucs-2 imap4-utf-7".split()
)
ENCODINGS = (
    *b"7bit 8bit binary base64 quoted-printable x-uuencode uuencode x-uue yenc base64, BASE64 "
    b"quoted-printable; 8-bit none base-64 gzip".split(),
    *(b"", b"base64 (comment)", b"base64\n quoted-printable", b'"base64"'),
)
TYPES = (
    *b"text/plain text/html text/calendar text/rfc822-headers text/x-amp-html multipart/mixed "
    b"multipart/alternative multipart/related multipart/report multipart/signed multipart/digest "
    b"multipart/encrypted multipart/appledouble multipart/form-data multipart/unknown "
    b"message/rfc822 message/delivery-status message/disposition-notification message/partial "
    b"message/external-body message/feedback-report message/global message/global-headers "
    b"application/octet-stream application/ms-tnef application/pkcs7-mime application/pgp "
    b"application/pgp-encrypted application/x-pkcs7-signature application/zip application/pdf "
    b"application/gzip application/msword image/png image/heic audio/mpeg text multipart / "
    b"text/plain/html application/ics message/rfc822; message/".split(),
    *(
        b"",
        b"text/plain; charset",
        b"multipart/mixed; boundary=",
        b'multipart/mixed; boundary="\n"',
    ),
)

# What a byte, a length or a number in a format is damaged with.
INTERESTING = (
    *(
        bytes([value])
        for value in (0, 1, 9, 10, 13, 26, 27, 32, 34, 46, 127, 128, 0xA0, 0xFE, 0xFF)
    ),
    *(value.to_bytes(2, "little") for value in (0, 1, 0x7FFF, 0x8000, 0xFFFF)),
    *(value.to_bytes(4, "little") for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)),
    *(value.to_bytes(4, "big") for value in (1, 0x7FFFFFFF)),
    *(value.to_bytes(8, "little") for value in (2**31, 2**63 - 1, 2**64 - 1)),
    *(b"0", b"-1", b"99999999999999999999", b"4294967296", b"NaN"),
)

TOKENS = (
    *(b"\r", b"\n", b"\r\n", b"\n\n", b"\x00", b"\x1a", b"\t", b" ", b"\x0b", b"\x0c", b"\x1c", b"\x85"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1b$B", b"\x1b(B"),
    *("\u202e".encode(), "\u2028".encode(), "\u0085".encode(), "e\u0301".encode(), "\ufeff".encode()),
    *(b"(", b")", b"<", b">", b"<>", b"@", b",", b";", b":", b'"', b"\\", b"[", b"]", b"((((", b"%", b"=", b"="),
    *(b"<a@b@c>", b"<@x:y@z>", b"group: a@x, b@y;", b"undisclosed-recipients:;", b'"a" <b@c> d'),
    *(b"=?utf-8?q?=0D=0ABcc:_x@y?=", b"=?utf-8?b?AA==?=", b"=?utf-8?q?", b"=?x?b?====?=", b"=?iso-2022-jp?b?GyRC?="),
    *(b"\nBcc: victim@example.org\n", b"\nFrom: x@y\n", b"\nContent-Type: text/html\n", b"From x\n", b"\n.\n"),
    *(b"\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", b"\n--\n", b"\n-- \n", b"--b--", b"\n--b\n\n--b\n"),
    *(b"; filename*0*=utf-8''%41; filename*1=b", b"; name*=utf-16''%00", b'; filename="a.pdf\x00.exe"'),
    *(b"; filename=..\\..\\a", b'; filename="=?utf-8?q?a=2Eexe?="', b"; charset*=us-ascii'en'utf-8", b"; a*99999999999=b"),
    *(b"; boundary=b", b"; report-type=delivery-status", b"; format=flowed; delsp=yes", b"; method=REPLY", b"; type=x"),
    *(b"begin 644 a.exe\n", b"\nend\n", b"`\n", b"M" * 61 + b"\n", b"=\n", b"=3D", b"=0A", b"=ZZ", b"====", b"QUJD"),
    *(b"<div>", b"</div>", b"<blockquote>", b"<table><tr><td>", b"<!--", b"-->", b"<style>", b"<script>", b"<![CDATA["),
    *(b"&#0;", b"&#xD800;", b"&#1114112;", b"&nbsp;", b"&lt", b"<br", b"<p hidden>", b"<a href='x'>", b"<svg>", b"<pre>"),
    *(b"\n> ", b"\n>>>>>>", b"\nOn Mon, 1 Jan 2026, A <a@b> wrote:\n", b"\n-----Original Message-----\n", b"\nAm 1.1.26 schrieb A:\n"),
    *(b"\nFrom: A\nSent: B\nTo: C\nSubject: D\n", b"\n________________________________\n", b"\n*From:* A\n", b"\nLe 1 janv. A a ecrit :\n"),
    *(b"\nSent from my iPhone\n", "\n发件人：a\n发送时间：b\n".encode(), "\n2026年1月1日 A <a@b>:\n".encode()),
    *(b"Auto-Submitted: auto-replied\n", b"Return-Path: <>\n", b"X-Failed-Recipients: a@b\n", b"Precedence: bulk\n"),
    *(b"\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n", b"\nStatus: 99999.9.9\n", b"\nAction: \n"),
    *(b"\n<a@b.example>: host x said: 550 5.1.1 no such user\n", b"Hi. This is the qmail-send program", b"550 "),
    *(b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n", b"Date: Thu, 1 Jan 1970 00:00:00 -2400\n", b"Date: 0\n"),
    *(b"%PDF-1.7\n", b"/JavaScript", b"/OpenAction", b"/ObjStm", b"stream\n", b"endobj", b"%%EOF", b"xref", b"#4a"),
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"\x1f\x8b\x08", b"BZh9", b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07"),
    *(b"MZ", b"\x7fELF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"ustar", b"\x78\x9f\x3e\x22", b"\x89PNG\r\n\x1a\n", b"ftypheic"),
    *(b"vbaProject.bin", b"word/document.xml", b"[Content_Types].xml", b"a.exe", b"../../x", b"\xfd7zXZ\x00", b"(\xb5/\xfd"),
    *(b"BEGIN:VCALENDAR\nMETHOD:REPLY\n", b"-----BEGIN PGP MESSAGE-----\n", b"$PAYLOAD", b"<?xml version='1.0'?><!DOCTYPE x ["),
)  # fmt: skip
