"""Texts of the login pages in English, Ukrainian and Russian."""

from typing import Final

from werkzeug.datastructures import LanguageAccept

from onecgw.auth.caller import COST, MONEY, RESOLVE, SALES, STOCK

LANGUAGES: Final = {"en": "English", "uk": "Українська", "ru": "Русский"}
DEFAULT_LANGUAGE: Final = "en"

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "key_title": "Sign in",
        "consent_title": "Allow access?",
        "error_title": "This link does not work",
        "step": "Step {number} of 2",
        "languages": "Language",
        "receiver": "Access will be given to",
        "receiver_local": "This is a program on this computer.",
        "client": "The program calls itself",
        "client_known": "The program is",
        "unverified": "name not verified",
        "key_label": "Your access key",
        "key_hint": "Your administrator gave it to you. It is not your 1C password.",
        "key_next": "Continue",
        "key_invalid": "This key is not valid. Check that you copied all of it, or ask your"
        " administrator for a new one.",
        "key_missing": "Paste your access key here.",
        "key_unavailable": "The key cannot be checked right now, because 1C does not answer."
        " Nothing is wrong with your key. Try again in a few minutes.",
        "too_often": "Too many attempts. Wait {seconds} seconds and try again.",
        "warning": "If you did not start this yourself, close this page.",
        "account": "You are signed in as",
        "scopes_legend": "What it may see",
        "scopes_hint": "Untick what it should not see. You can end the access at any time through"
        " your administrator.",
        "scopes_sensitive": "What is confidential is not ticked: tick it only if you want answers"
        " about it.",
        "scopes_none": "Tick at least one line, or choose “Do not allow”.",
        "scopes_empty": "Your key does not open anything that this program asks for.",
        "sensitive": "confidential",
        "allow": "Allow",
        "deny": "Do not allow",
        "expired": "The page was open for too long, or was answered already. Go back to the"
        " program and connect again.",
        "foreign": "The form came from another site. Go back to the program and connect again.",
        "error_advice": "Go back to the program and connect again. If that does not help, show"
        " this page to your administrator.",
        "error_details": "For the administrator",
        "later_title": "Not right now",
        "unavailable": "This service cannot go on right now. Try again in a few minutes. If that"
        " does not help, show this page to your administrator.",
        "leave_title": "No access was given",
        "leave_close": "You can close this page.",
        "leave_receiver": "The program waits for an answer at",
        "leave_unknown": "Nobody here knows this address. Go there only if you started this"
        " yourself and trust it.",
        "leave_go": "Go to this address",
        RESOLVE: "Find customers, products, warehouses and sales channels by name",
        SALES: "Sales: amounts, quantities, customers, best-selling products",
        STOCK: "Stock: what is in the warehouses",
        MONEY: "Money: cash, bank accounts, debts, purchases",
        COST: "Cost and profit: cost price, profit, margin",
    },
    "uk": {
        "key_title": "Вхід",
        "consent_title": "Дозволити доступ?",
        "error_title": "Це посилання не працює",
        "step": "Крок {number} із 2",
        "languages": "Мова",
        "receiver": "Доступ отримає",
        "receiver_local": "Це програма на цьому комп’ютері.",
        "client": "Програма називає себе",
        "client_known": "Програма",
        "unverified": "назву не перевірено",
        "key_label": "Ваш ключ доступу",
        "key_hint": "Його вам дав адміністратор. Це не пароль до 1С.",
        "key_next": "Продовжити",
        "key_invalid": "Цей ключ не дійсний. Перевірте, чи скопійовано його повністю, або попросіть"
        " в адміністратора новий.",
        "key_missing": "Вставте сюди ваш ключ доступу.",
        "key_unavailable": "Зараз ключ неможливо перевірити: 1С не відповідає. З вашим ключем усе"
        " гаразд. Спробуйте ще раз за кілька хвилин.",
        "too_often": "Забагато спроб. Зачекайте {seconds} с і спробуйте ще раз.",
        "warning": "Якщо ви цього не починали, закрийте сторінку.",
        "account": "Ви ввійшли як",
        "scopes_legend": "Що їй буде видно",
        "scopes_hint": "Зніміть позначку з того, чого їй бачити не треба. Припинити доступ можна"
        " будь-коли через адміністратора.",
        "scopes_sensitive": "Конфіденційне не позначено: позначте його, лише якщо хочете"
        " отримувати відповіді про нього.",
        "scopes_none": "Позначте хоча б один рядок або натисніть «Не дозволяти».",
        "scopes_empty": "Ваш ключ не відкриває нічого з того, що просить ця програма.",
        "sensitive": "конфіденційно",
        "allow": "Дозволити",
        "deny": "Не дозволяти",
        "expired": "Сторінка була відкрита задовго або на неї вже відповіли. Поверніться до"
        " програми й під’єднайтеся ще раз.",
        "foreign": "Форма надійшла з іншого сайту. Поверніться до програми й під’єднайтеся ще раз.",
        "error_advice": "Поверніться до програми й під’єднайтеся ще раз. Якщо не допоможе, покажіть"
        " цю сторінку адміністраторові.",
        "error_details": "Для адміністратора",
        "later_title": "Зараз не виходить",
        "unavailable": "Зараз продовжити не вдається. Спробуйте ще раз за кілька хвилин. Якщо не"
        " допоможе, покажіть цю сторінку адміністраторові.",
        "leave_title": "Доступ не надано",
        "leave_close": "Цю сторінку можна закрити.",
        "leave_receiver": "Програма чекає на відповідь за адресою",
        "leave_unknown": "Ця адреса тут нікому не відома. Переходьте туди, лише якщо ви самі це"
        " починали й довіряєте їй.",
        "leave_go": "Перейти за цією адресою",
        RESOLVE: "Пошук клієнтів, товарів, складів і каналів збуту за назвою",
        SALES: "Продажі: суми, кількість, клієнти, найпопулярніші товари",
        STOCK: "Залишки: що є на складах",
        MONEY: "Гроші: каса, рахунки, борги, закупівлі",
        COST: "Собівартість і прибуток: собівартість, прибуток, маржа",
    },
    "ru": {
        "key_title": "Вход",
        "consent_title": "Разрешить доступ?",
        "error_title": "Эта ссылка не работает",
        "step": "Шаг {number} из 2",
        "languages": "Язык",
        "receiver": "Доступ получит",
        "receiver_local": "Это программа на этом компьютере.",
        "client": "Программа называет себя",
        "client_known": "Программа",
        "unverified": "название не проверено",
        "key_label": "Ваш ключ доступа",
        "key_hint": "Его вам дал администратор. Это не пароль от 1С.",
        "key_next": "Продолжить",
        "key_invalid": "Этот ключ не действует. Проверьте, что скопировали его целиком, или"
        " попросите у администратора новый.",
        "key_missing": "Вставьте сюда ваш ключ доступа.",
        "key_unavailable": "Сейчас ключ нельзя проверить: 1С не отвечает. С вашим ключом всё в"
        " порядке. Попробуйте ещё раз через несколько минут.",
        "too_often": "Слишком много попыток. Подождите {seconds} с и попробуйте ещё раз.",
        "warning": "Если вы этого не начинали, закройте страницу.",
        "account": "Вы вошли как",
        "scopes_legend": "Что ей будет видно",
        "scopes_hint": "Снимите отметку с того, чего ей видеть не нужно. Прекратить доступ можно в"
        " любой момент через администратора.",
        "scopes_sensitive": "Конфиденциальное не отмечено: отметьте его, только если хотите"
        " получать ответы о нём.",
        "scopes_none": "Отметьте хотя бы одну строку или нажмите «Не разрешать».",
        "scopes_empty": "Ваш ключ не открывает ничего из того, что просит эта программа.",
        "sensitive": "конфиденциально",
        "allow": "Разрешить",
        "deny": "Не разрешать",
        "expired": "Страница была открыта слишком долго, или на неё уже ответили. Вернитесь в"
        " программу и подключитесь ещё раз.",
        "foreign": "Форма пришла с другого сайта. Вернитесь в программу и подключитесь ещё раз.",
        "error_advice": "Вернитесь в программу и подключитесь ещё раз. Если не поможет, покажите"
        " эту страницу администратору.",
        "error_details": "Для администратора",
        "later_title": "Сейчас не получается",
        "unavailable": "Сейчас продолжить не удаётся. Попробуйте ещё раз через несколько минут."
        " Если не поможет, покажите эту страницу администратору.",
        "leave_title": "Доступ не дан",
        "leave_close": "Эту страницу можно закрыть.",
        "leave_receiver": "Программа ждёт ответа по адресу",
        "leave_unknown": "Этот адрес здесь никому не известен. Переходите туда, только если вы сами"
        " это начинали и доверяете ему.",
        "leave_go": "Перейти по этому адресу",
        RESOLVE: "Поиск клиентов, товаров, складов и каналов сбыта по названию",
        SALES: "Продажи: суммы, количество, клиенты, самые продаваемые товары",
        STOCK: "Остатки: что есть на складах",
        MONEY: "Деньги: касса, счета, долги, закупки",
        COST: "Себестоимость и прибыль: себестоимость, прибыль, маржа",
    },
}


def choose_language(accepted: LanguageAccept) -> str:
    """The language of ours that an Accept-Language header prefers (RFC 9110, 12.5.4)."""
    languages = (tag.lower().partition("-")[0] for tag, quality in accepted if quality > 0)
    return next((language for language in languages if language in LANGUAGES), DEFAULT_LANGUAGE)
