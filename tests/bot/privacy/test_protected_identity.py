"""Whoever lives under protection is never asked to write it down a second time."""

from __future__ import annotations

import pytest

from bot.privacy.protected_identity import mentions_protected_identity

SAID = """jag har skyddad identitet
vi har skyddade personuppgifter
jag har sekretessmarkering i folkbokföringen
jag är sekretessmarkerad
kvarskrivning, hur gör jag då
jag lever gömd med mina barn
vad är skyddad identitet?
vi har hemlig adress
min exman får inte veta var jag bor
vi bor på skyddat boende
skydad identitet
I have a protected identity
I live in hiding
my address is secret
I have a confidentiality marking
he must not know where I live
minulla on turvakielto
suojattu henkilöllisyys
elän piilossa
لدي هوية محمية
بياناتي محمية
أعيش متخفية
عنواني سري
aqoonsigaygu waa qarsoon yahay
waan dhuumanayaa
xogtayda waa la ilaaliyaa
هویتم محافظت شده است
آدرس ما مخفی است
imam zaštićene lične podatke
имам заштићен идентитет
ne smije znati gdje živim
tengo identidad protegida
mi dirección es secreta
vivo escondida con mis hijos
j'ai une identité protégée
mon mari ne doit pas savoir où j'habite
mam chroniony adres
mam chronione dane osobowe
on nie może wiedzieć gdzie mieszkam
kişisel bilgilerim korunuyor, korunan kimlik
saklanıyorum
у мене захищені особисті дані
він не повинен знати де я живу
navnîşana min veşartî ye
agahiyên min parastî ne
ناسنامەکەم پارێزراوە
زانیارییەکانم نهێنین
ዝተሓለወ መንነት ኣለኒ
ኣድራሻይ ምስጢር እዩ""".splitlines()

NOT_SAID = """var finns närmaste skyddsrum
hur skyddar jag huset mot översvämning
jag bor på Hisingen
hur byter jag id-kort
I lost my id card
osoitteenmuutos
أين مكتبة المدينة
xaggee ku taal maktabadda
får man fälla skyddade träd
var gör jag en adressändring
protección de datos personales en la ciudad
cambio de dirección
comment la ville protège mes données personnelles
changement d'adresse
ochrona danych osobowych
zmiana adresu zamieszkania
kişisel verilerin korunması
adres değişikliğini hangi kuruma bildiriyoruz
захист персональних даних
де ховають людей
zaštita okoliša
promjena adrese
تغییر آدرس
حفاظت از محیط زیست
guhertina navnîşanê
گۆڕینی ناونیشان
ምቕያር ኣድራሻ""".splitlines()


@pytest.mark.parametrize("text", SAID)
def test_d6_a_protected_sender_is_recognised(text: str) -> None:
    assert mentions_protected_identity(text)


@pytest.mark.parametrize("text", NOT_SAID)
def test_other_questions_keep_the_ordinary_way(text: str) -> None:
    assert not mentions_protected_identity(text)
