from local.addresses import reachable


def test_a_link_in_a_mail_leads_to_the_engine() -> None:
    mail = (
        "Stop this reminder: https://0a1b2c.execute-api.us-east-1.amazonaws.com/v1/stop/AbC_d-1\nhttps://example.com/v1"
    )

    assert reachable("http://127.0.0.1:4566", mail) == (
        "Stop this reminder: http://127.0.0.1:4566/_aws/execute-api/0a1b2c/v1/stop/AbC_d-1\nhttps://example.com/v1"
    )
