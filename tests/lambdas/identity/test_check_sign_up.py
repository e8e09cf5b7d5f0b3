import pytest

from identity.check_sign_up import CardAtSignUpError, PhoneAtSignUpError, handler


def event(source, **attributes):
    return {"triggerSource": source, "request": {"userAttributes": attributes}, "response": {"autoConfirmUser": False}}


def test_a_sign_up_with_an_address_is_allowed_unchanged():
    asked = event("PreSignUp_SignUp", email="jo@example.com")

    assert handler(asked, None) == event("PreSignUp_SignUp", email="jo@example.com")


@pytest.mark.parametrize("number", ["+15555550123", "", "nonsense"])
def test_a_sign_up_with_a_phone_number_is_refused(number):
    with pytest.raises(PhoneAtSignUpError):
        handler(event("PreSignUp_SignUp", email="jo@example.com", phone_number=number), None)


def test_an_administrator_can_create_a_user_with_a_phone_number():
    asked = event("PreSignUp_AdminCreateUser", email="jo@example.com", phone_number="+15555550123")

    assert handler(asked, None) == asked


@pytest.mark.parametrize("name", ["4242424242424242", "4242-4242-4242-4242", "NDI0MjQyNDI0MjQyNDI0Mg"])
def test_a_sign_up_with_a_card_number_in_its_address_is_refused(name):
    with pytest.raises(CardAtSignUpError) as refused:
        handler(event("PreSignUp_SignUp", email=f"{name}@example.com"), None)

    assert name not in str(refused.value)


def test_digits_in_other_groups_than_a_card_prints_are_allowed_in_an_address():
    asked = event("PreSignUp_SignUp", email="42424-24242-424242@example.com")

    assert handler(asked, None) == asked


def test_a_sign_up_without_an_address_is_allowed():
    asked = event("PreSignUp_SignUp", name="Jo")

    assert handler(asked, None) == asked
