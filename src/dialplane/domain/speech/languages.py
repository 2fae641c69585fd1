"""The languages and accents that the embedded synthesizer speaks (espeak-ng), by BCP 47 tag.

One row is one accent: its tag, the language and the accent in English, and the synthesizer's name for it. The first
row of a language is its own where only the language is asked for (`de`), or a region that has no row (`de-AT`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    tag: str
    """BCP 47, spelled as RFC 5646 recommends (`pt-BR`)."""
    name: str
    accent: str
    engine: str
    """What espeak-ng calls it."""


def _rows(text: str) -> tuple[Language, ...]:
    return tuple(Language(*(cell.strip() for cell in line.split("|"))) for line in text.strip().splitlines())


LANGUAGES = _rows("""
    af-ZA | Afrikaans | South Africa | gmw/af
    am-ET | Amharic | Ethiopia | sem/am
    an-ES | Aragonese | Spain | roa/an
    ar-001 | Arabic | Modern Standard | sem/ar
    as-IN | Assamese | India | inc/as
    az-AZ | Azerbaijani | Azerbaijan | trk/az
    ba-RU | Bashkir | Russia | trk/ba
    be-BY | Belarusian | Belarus | zle/be
    bg-BG | Bulgarian | Bulgaria | zls/bg
    bn-BD | Bengali | Bangladesh | inc/bn
    bpy-IN | Bishnupriya Manipuri | India | inc/bpy
    bs-BA | Bosnian | Bosnia and Herzegovina | zls/bs
    ca-ES | Catalan | Spain | roa/ca
    ca-ES-balear | Catalan | Balearic | roa/ca-ba
    ca-ES-nw | Catalan | North-Western | roa/ca-nw
    ca-ES-valencia | Catalan | Valencian | roa/ca-va
    chr-US | Cherokee | United States | iro/chr
    cmn-CN | Chinese (Mandarin) | China | sit/cmn
    cs-CZ | Czech | Czechia | zlw/cs
    cv-RU | Chuvash | Russia | trk/cv
    cy-GB | Welsh | Wales | cel/cy
    da-DK | Danish | Denmark | gmq/da
    de-DE | German | Germany | gmw/de
    el-GR | Greek | Greece | grk/el
    en-GB | English | Great Britain | gmw/en
    en-US | English | United States | gmw/en-US
    en-029 | English | Caribbean | gmw/en-029
    en-GB-scotland | English | Scotland | gmw/en-GB-scotland
    en-GB-x-gbclan | English | Lancaster | gmw/en-GB-x-gbclan
    en-GB-x-gbcwmd | English | West Midlands | gmw/en-GB-x-gbcwmd
    en-GB-x-rp | English | Received Pronunciation | gmw/en-GB-x-rp
    en-US-x-nyc | English | New York City | gmw/en-US-nyc
    eo-001 | Esperanto | International | art/eo
    es-ES | Spanish | Spain | roa/es
    es-419 | Spanish | Latin America | roa/es-419
    et-EE | Estonian | Estonia | urj/et
    eu-ES | Basque | Spain | eu
    fa-IR | Persian | Iran | ira/fa
    fi-FI | Finnish | Finland | urj/fi
    fo-FO | Faroese | Faroe Islands | gmq/fo
    fr-FR | French | France | roa/fr
    fr-BE | French | Belgium | roa/fr-BE
    fr-CH | French | Switzerland | roa/fr-CH
    ga-IE | Irish | Ireland | cel/ga
    gd-GB | Scottish Gaelic | Scotland | cel/gd
    gn-PY | Guarani | Paraguay | sai/gn
    gu-IN | Gujarati | India | inc/gu
    hak-CN | Chinese (Hakka) | China | sit/hak
    haw-US | Hawaiian | United States | map/haw
    he-IL | Hebrew | Israel | sem/he
    hi-IN | Hindi | India | inc/hi
    hr-HR | Croatian | Croatia | zls/hr
    ht-HT | Haitian Creole | Haiti | roa/ht
    hu-HU | Hungarian | Hungary | urj/hu
    hy-AM | Armenian | Eastern | ine/hy
    hyw-AM | Armenian | Western | ine/hyw
    ia-001 | Interlingua | International | art/ia
    id-ID | Indonesian | Indonesia | poz/id
    is-IS | Icelandic | Iceland | gmq/is
    it-IT | Italian | Italy | roa/it
    ja-JP | Japanese | Japan | jpx/ja
    ka-GE | Georgian | Georgia | ccs/ka
    kaa-UZ | Karakalpak | Uzbekistan | trk/kaa
    kk-KZ | Kazakh | Kazakhstan | trk/kk
    kl-GL | Greenlandic | Greenland | esx/kl
    kn-IN | Kannada | India | dra/kn
    ko-KR | Korean | South Korea | ko
    kok-IN | Konkani | India | inc/kok
    ku-TR | Kurdish | Northern | ira/ku
    ky-KG | Kyrgyz | Kyrgyzstan | trk/ky
    la-VA | Latin | Ecclesiastical | itc/la
    lb-LU | Luxembourgish | Luxembourg | gmw/lb
    lt-LT | Lithuanian | Lithuania | bat/lt
    ltg-LV | Latgalian | Latvia | bat/ltg
    lv-LV | Latvian | Latvia | bat/lv
    mi-NZ | Maori | New Zealand | poz/mi
    mk-MK | Macedonian | North Macedonia | zls/mk
    ml-IN | Malayalam | India | dra/ml
    mr-IN | Marathi | India | inc/mr
    ms-MY | Malay | Malaysia | poz/ms
    mt-MT | Maltese | Malta | sem/mt
    my-MM | Burmese | Myanmar | sit/my
    nb-NO | Norwegian (Bokmal) | Norway | gmq/nb
    ne-NP | Nepali | Nepal | inc/ne
    nl-NL | Dutch | Netherlands | gmw/nl
    nog-RU | Nogai | Russia | trk/nog
    om-ET | Oromo | Ethiopia | cus/om
    or-IN | Odia | India | inc/or
    pa-IN | Punjabi | India | inc/pa
    pap-CW | Papiamento | Curacao | roa/pap
    pl-PL | Polish | Poland | zlw/pl
    pt-PT | Portuguese | Portugal | roa/pt
    pt-BR | Portuguese | Brazil | roa/pt-BR
    qu-PE | Quechua | Peru | qu
    quc-GT | K'iche' | Guatemala | myn/quc
    ro-RO | Romanian | Romania | roa/ro
    ru-RU | Russian | Russia | zle/ru
    ru-LV | Russian | Latvia | zle/ru-LV
    sd-PK | Sindhi | Pakistan | inc/sd
    shn-MM | Shan | Myanmar | tai/shn
    si-LK | Sinhala | Sri Lanka | inc/si
    sk-SK | Slovak | Slovakia | zlw/sk
    sl-SI | Slovenian | Slovenia | zls/sl
    smj-SE | Lule Sami | Sweden | urj/smj
    sq-AL | Albanian | Albania | ine/sq
    sr-RS | Serbian | Serbia | zls/sr
    sv-SE | Swedish | Sweden | gmq/sv
    sw-KE | Swahili | Kenya | bnt/sw
    ta-IN | Tamil | India | dra/ta
    te-IN | Telugu | India | dra/te
    th-TH | Thai | Thailand | tai/th
    ti-ER | Tigrinya | Eritrea | sem/ti
    tk-TM | Turkmen | Turkmenistan | trk/tk
    tn-BW | Tswana | Botswana | bnt/tn
    tr-TR | Turkish | Turkey | trk/tr
    tt-RU | Tatar | Russia | trk/tt
    ug-CN | Uyghur | China | trk/ug
    uk-UA | Ukrainian | Ukraine | zle/uk
    ur-PK | Urdu | Pakistan | inc/ur
    uz-UZ | Uzbek | Uzbekistan | trk/uz
    vi-VN | Vietnamese | Northern | aav/vi
    vi-VN-x-central | Vietnamese | Central | aav/vi-VN-x-central
    vi-VN-x-south | Vietnamese | Southern | aav/vi-VN-x-south
    yue-HK | Chinese (Cantonese) | Hong Kong | sit/yue
""")
"""Sorted by language; constructed languages of novels are left out."""

ALIASES = {
    "en-ca": "en-us",
    "en-ph": "en-us",
    "es-mx": "es-419",
    "es-us": "es-419",
    "hy-arevela": "hy-am",
    "hy-arevmda": "hyw-am",
    "in": "id-id",
    "iw": "he-il",
    "no": "nb-no",
    "zh": "cmn-cn",
    "zh-cmn": "cmn-cn",
    "zh-hk": "yue-hk",
    "zh-mo": "yue-hk",
    "zh-yue": "yue-hk",
}
"""Tags in use for what has another one here, in lower case."""
