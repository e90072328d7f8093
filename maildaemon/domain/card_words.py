"""What stands beside a payment card number, and what beside numbers that only look like one.

Beginnings of words in lower case, in the languages that customers write.
"""

CARD = (
    *("visa", "mastercard", "master card", "maestro", "amex", "american express", "diners"),
    *("discover", "jcb", "unionpay", "union pay", "girocard", "cvv", "cvc", "credit", "debit"),
    *("card", "crédit", "débit", "carte", "cb ", "kredit", "karte", "carta", "credito", "bancomat"),
    *("tarjeta", "crédito", "débito", "cartão", "cartao", "kaart", "creditcard", "kart"),
    *("карт", "кредит"),
)
# A number that directly follows one of these, and "number", "no." or the like, is what they say.
OTHER = (
    # orders, invoices, customers
    *("order", "invoice", "receipt", "booking", "reservation", "ticket", "case", "reference"),
    *("ref", "customer", "account", "member", "transaction", "voucher", "coupon", "rma"),
    *("bestell", "auftrag", "rechnung", "beleg", "vorgang", "kunden", "buchung", "konto"),
    *("gutschein", "referenz", "ordin", "fattura", "ricevuta", "pratica", "cliente", "prenotazion"),
    *("commande", "facture", "dossier", "référence", "client", "réservation", "pedido", "factura"),
    *("referencia", "reserva", "encomenda", "fatura", "referência", "bestelling", "factuur"),
    *("klant", "referentie", "zamówieni", "faktur", "klient", "заказ", "счет", "счёт"),
    *("клиент", "замовлен", "рахун", "клієнт"),
    # parcels
    *("tracking", "track", "parcel", "package", "shipment", "consignment", "waybill", "awb"),
    *("ups", "fedex", "dhl", "dpd", "gls", "usps", "hermes", "evri", "sendung", "paket"),
    *("spedizion", "pacco", "colis", "suivi", "envío", "envio", "seguimiento", "paquete"),
    *("rastreio", "rastreamento", "zending", "pakket", "przesył", "paczk", "посылк", "трек"),
    *("отправлен", "посилк", "відправлен"),
    # things and accounts
    *("imei", "meid", "iccid", "serial", "s/n", "ean", "gtin", "upc", "isbn", "barcode", "sku"),
    *("article", "artikel", "articolo", "artículo", "artigo", "item", "model", "серийн", "iban"),
    *("serien", "serie", "série", "seri", "phone", "tel", "fax", "mobile", "kid", "ocr", "vat"),
    *("ust", "siret", "p.iva", "nip", "инн", "message", "session", "id"),
)
# What stands between such a word and its number.
BETWEEN = (
    *("number", "numbers", "no", "nr", "num", "numero", "número", "numéro", "nummer", "номер"),
    # № as it is written where no key has it: n°, n., nº, n.º
    *("n", "nº", "º", "confirmation", "trace"),
    *("code", "id", "is", "was", "ist", "lautet", "è", "e", "est", "es", "of", "the", "di", "de"),
)
# How people call the three or four digits on the back.
SECURITY_CODE = (
    *("cvv2?", "cvc2?", "cid", "csc", "cav2", "cvn", "security code", "card code"),
    *("prüfziffer", "prüfnummer", "kartenprüfnummer", "sicherheitscode", "sicherheitsnummer"),
    *("codice di sicurezza", "cryptogramme(?: visuel)?", "code de sécurité"),
    *("código de segur\\w+", "beveiligingscode", "kod zabezpieczający", "код безопасности"),
    "код безпеки",
)
