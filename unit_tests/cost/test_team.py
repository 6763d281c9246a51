"""Daily cost is a team's; who has none is told so."""

from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import DigitalOcean


def test_a_personal_account_is_told_why_it_has_no_daily_cost(api: DigitalOcean) -> None:
    api.on("/v2/account", {}, {"account": {"email": "a@example.com", "uuid": "u", "status": "active"}})

    output = read("billing_insights", "account")

    assert len(output.rows("account")) == 1
    assert output.status("billing_insights") == "COMPLETE"
    (warning,) = output.warnings()
    assert "personal account without one" in warning
