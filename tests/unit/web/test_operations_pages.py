async def test_healthy_means_it_can_answer(client):
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_ready_means_the_database_answers(client):
    assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_metrics_count_requests_by_route_template(client):
    await client.post("/hooks/webinars/hook-token-1", content=b"{}")
    page = (await client.get("/metrics")).text
    assert 'crosswalk_http_requests_total{method="POST",route="/hooks/{source}/{token}",status="401"} 1.0' in page


async def test_unknown_addresses_share_one_label(client):
    await client.get("/some/where")
    page = (await client.get("/metrics")).text
    assert 'route="unmatched",status="404"' in page


async def test_metrics_hold_no_token(client):
    await client.post("/hooks/webinars/hook-token-1", content=b"{}")
    assert "hook-token-1" not in (await client.get("/metrics")).text
