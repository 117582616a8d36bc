import pytest

V = "/services/data/v60.0"
LEADS = f"{V}/sobjects/Lead"
ANN = {"FirstName": "Ann", "LastName": "Berg", "Company": "Acme", "Email": "ann@x.example"}


async def create(client, name, **fields):
    reply = await client.post(f"{V}/sobjects/{name}", json=fields)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def read(client, name, record_id, *fields):
    reply = await client.get(f"{V}/sobjects/{name}/{record_id}", params={"fields": ",".join(fields)})
    return [reply.json()[each] for each in fields]


def error(reply):
    first = reply.json()[0]
    return reply.status_code, first["errorCode"], first["message"]


async def test_a_create_answers_with_the_id(client):
    reply = await client.post(LEADS, json=ANN)
    new_id = reply.json()["id"]
    assert (reply.status_code, reply.json(), reply.headers["Location"]) == (
        201,
        {"id": new_id, "success": True, "errors": []},
        f"{LEADS}/{new_id}",
    )


async def test_a_read_shows_attributes_first(client):
    lead = await create(client, "Lead", **ANN)
    reply = await client.get(f"{LEADS}/{lead}")
    assert next(iter(reply.json().items())) == ("attributes", {"type": "Lead", "url": f"{LEADS}/{lead}"})


async def test_a_new_lead_has_its_name_its_defaults_and_its_owner(client, org):
    lead = await create(client, "Lead", **ANN, Salutation="Dr.")
    found = await read(client, "Lead", lead, "Name", "Status", "IsConverted", "OwnerId", "CreatedDate", "IsDeleted")
    assert found == ["Ann Berg", "Open - Not Contacted", False, org.org.user.id, "2026-11-20T10:00:00.000+0000", False]


async def test_a_compound_address_is_put_together(client):
    lead = await create(client, "Lead", **ANN, City="Ulm", Country="Germany")
    expected = {
        "city": "Ulm",
        "country": "Germany",
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": None,
    }
    assert await read(client, "Lead", lead, "Address") == [expected]


async def test_a_compound_address_without_parts_is_null(client):
    lead = await create(client, "Lead", **ANN)
    assert await read(client, "Lead", lead, "Address") == [None]


async def test_missing_required_fields_are_listed(client):
    reply = await client.post(LEADS, json={"FirstName": "Ann"})
    assert reply.json() == [
        {
            "message": "Required fields are missing: [LastName, Company]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName", "Company"],
        }
    ]


async def test_an_unknown_field_is_refused(client):
    reply = await client.post(LEADS, json={**ANN, "Foo": 1})
    assert error(reply) == (400, "INVALID_FIELD", "No such column 'Foo' on sobject of type Lead")


async def test_a_read_only_field_is_refused(client):
    reply = await client.post(LEADS, json={**ANN, "Name": "Ann"})
    expected = (
        "Unable to create/update fields: Name. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    assert error(reply) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE", expected)


async def test_several_bad_fields_are_several_errors(client):
    reply = await client.post(LEADS, json={**ANN, "Email": "x", "FirstName": "a" * 41})
    assert {each["errorCode"] for each in reply.json()} == {"INVALID_EMAIL_ADDRESS", "STRING_TOO_LONG"}


@pytest.mark.parametrize("body", [b"{nope", b"[]", b'{"AnnualRevenue": NaN}', b'"x"'])
async def test_an_unreadable_body_is_a_parser_error(client, body):
    reply = await client.post(LEADS, content=body)
    assert reply.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


async def test_a_missing_body_is_a_parser_error(client):
    reply = await client.post(LEADS)
    assert error(reply) == (400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")


async def test_an_unknown_object_is_not_found(client):
    assert error(await client.post(f"{V}/sobjects/Nothing", json={})) == (404, "NOT_FOUND", "The requested resource does not exist")


async def test_an_object_that_takes_no_records_refuses_them(client):
    assert error(await client.post(f"{V}/sobjects/LeadStatus", json={}))[1] == "INVALID_TYPE_FOR_OPERATION"


async def test_an_update_answers_nothing_and_stamps_the_record(client, clock):
    lead = await create(client, "Lead", **ANN)
    clock.advance(90)
    reply = await client.patch(f"{LEADS}/{lead}", json={"Phone": "1"})
    found = await read(client, "Lead", lead, "Phone", "LastModifiedDate", "CreatedDate")
    assert [reply.status_code, reply.content, *found] == [
        204,
        b"",
        "1",
        "2026-11-20T10:01:30.000+0000",
        "2026-11-20T10:00:00.000+0000",
    ]


async def test_an_update_recomposes_the_name(client):
    lead = await create(client, "Lead", **ANN)
    await client.patch(f"{LEADS}/{lead}", json={"FirstName": None})
    assert await read(client, "Lead", lead, "Name") == ["Berg"]


async def test_an_update_may_not_clear_a_required_field(client):
    lead = await create(client, "Lead", **ANN)
    reply = await client.patch(f"{LEADS}/{lead}", json={"LastName": ""})
    assert error(reply) == (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]")


async def test_an_update_may_not_hold_the_id(client):
    lead = await create(client, "Lead", **ANN)
    reply = await client.patch(f"{LEADS}/{lead}", json={"Id": lead})
    assert error(reply) == (400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")


async def test_null_for_a_boolean_is_its_default(client):
    lead = await create(client, "Lead", **ANN, DoNotCall=True)
    await client.patch(f"{LEADS}/{lead}", json={"DoNotCall": None})
    assert await read(client, "Lead", lead, "DoNotCall") == [False]


async def test_an_id_with_a_wrong_checksum_is_malformed(client):
    reply = await client.patch(f"{LEADS}/00QHr0000000001AAA", json={})
    assert error(reply) == (404, "MALFORMED_ID", "malformed id 00QHr0000000001AAA")


async def test_an_id_nobody_has_is_an_invalid_reference(client):
    lead = await create(client, "Lead", **ANN)
    other = lead[:14] + "9"
    assert error(await client.patch(f"{LEADS}/{other}", json={})) == (
        404,
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
    )


async def test_reading_an_id_nobody_has_is_not_found(client):
    lead = await create(client, "Lead", **ANN)
    assert error(await client.get(f"{LEADS}/{lead[:14]}9")) == (404, "NOT_FOUND", "The requested resource does not exist")


async def test_text_that_is_no_id_is_malformed(client):
    assert error(await client.get(f"{LEADS}/xyz")) == (404, "MALFORMED_ID", "malformed id xyz")


async def test_an_id_of_another_object_is_not_found(client, org):
    assert error(await client.get(f"{LEADS}/{org.org.user.id}"))[1] == "NOT_FOUND"


async def test_a_deleted_record_is_gone_for_reads(client):
    lead = await create(client, "Lead", **ANN)
    first = await client.delete(f"{LEADS}/{lead}")
    assert (first.status_code, error(await client.get(f"{LEADS}/{lead}"))) == (204, (404, "ENTITY_IS_DELETED", "entity is deleted"))


async def test_a_second_delete_is_refused(client):
    lead = await create(client, "Lead", **ANN)
    await client.delete(f"{LEADS}/{lead}")
    reply = await client.delete(f"{LEADS}/{lead}")
    assert (reply.status_code, reply.json()) == (
        404,
        [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}],
    )


async def test_a_user_cannot_be_deleted(client, org):
    assert error(await client.delete(f"{V}/sobjects/User/{org.org.user.id}"))[1] == "INVALID_TYPE_FOR_OPERATION"


async def test_deleting_an_account_takes_its_contacts_along(client):
    account = await create(client, "Account", Name="Acme")
    contact = await create(client, "Contact", LastName="Berg", AccountId=account)
    await client.delete(f"{V}/sobjects/Account/{account}")
    assert error(await client.get(f"{V}/sobjects/Contact/{contact}"))[1] == "ENTITY_IS_DELETED"


async def test_deleting_a_campaign_lets_its_opportunities_go(client):
    campaign = await create(client, "Campaign", Name="Web")
    deal = await create(client, "Opportunity", Name="D", StageName="Prospecting", CloseDate="2026-12-01", CampaignId=campaign)
    await client.delete(f"{V}/sobjects/Campaign/{campaign}")
    assert await read(client, "Opportunity", deal, "CampaignId") == [None]


async def test_a_reference_to_another_object_is_of_incorrect_type(client, org):
    reply = await client.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "AccountId": org.org.user.id})
    assert error(reply) == (400, "MALFORMED_ID", f"Account ID: id value of incorrect type: {org.org.user.id}")


async def test_a_reference_to_nothing_is_invalid(client):
    reply = await client.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "AccountId": "001Hr0000000009IAA"})
    assert error(reply) == (400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


async def test_a_reference_to_a_deleted_record_says_so(client):
    account = await create(client, "Account", Name="Acme")
    await client.delete(f"{V}/sobjects/Account/{account}")
    reply = await client.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "AccountId": account})
    assert error(reply) == (400, "ENTITY_IS_DELETED", "entity is deleted")


async def test_an_inactive_user_cannot_own_a_record(client, org):
    org.org.connection.execute('UPDATE "User" SET "IsActive" = 0 WHERE "Id" = ?', (org.org.human.id,))
    reply = await client.post(LEADS, json={**ANN, "OwnerId": org.org.human.id})
    assert error(reply) == (
        400,
        "INACTIVE_OWNER_OR_USER",
        f"operation performed with inactive user [{org.org.human.id}] as owner of lead",
    )


async def test_the_contact_field_of_a_restricted_picklist_is_checked(client):
    reply = await client.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "CleanStatus": "Shiny"})
    assert error(reply)[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


async def test_a_record_modified_since_is_a_failed_precondition(client, clock):
    lead = await create(client, "Lead", **ANN)
    clock.advance(10)
    await client.patch(f"{LEADS}/{lead}", json={"Phone": "1"})
    reply = await client.patch(f"{LEADS}/{lead}", json={"Phone": "2"}, headers={"If-Unmodified-Since": "Fri, 20 Nov 2026 10:00:05 GMT"})
    assert (reply.status_code, await read(client, "Lead", lead, "Phone")) == (412, ["1"])


async def test_a_record_not_modified_since_is_written(client):
    lead = await create(client, "Lead", **ANN)
    reply = await client.patch(f"{LEADS}/{lead}", json={"Phone": "2"}, headers={"If-Unmodified-Since": "Fri, 20 Nov 2026 10:00:00 GMT"})
    assert reply.status_code == 204


async def test_a_delete_obeys_the_precondition_too(client, clock):
    lead = await create(client, "Lead", **ANN)
    clock.advance(10)
    await client.patch(f"{LEADS}/{lead}", json={"Phone": "1"})
    reply = await client.delete(f"{LEADS}/{lead}", headers={"If-Unmodified-Since": "Fri, 20 Nov 2026 10:00:05 GMT"})
    assert reply.status_code == 412


async def test_a_read_of_an_unchanged_record_is_not_modified(client):
    lead = await create(client, "Lead", **ANN)
    reply = await client.get(f"{LEADS}/{lead}", headers={"If-Modified-Since": "Fri, 20 Nov 2026 10:00:00 GMT"})
    assert (reply.status_code, reply.content) == (304, b"")


async def test_a_read_of_an_unknown_field_is_refused(client):
    lead = await create(client, "Lead", **ANN)
    assert error(await client.get(f"{LEADS}/{lead}", params={"fields": "Id,Foo"}))[1] == "INVALID_FIELD"


async def test_an_unknown_method_names_those_allowed(client):
    expected = (405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,PATCH,DELETE")
    assert error(await client.put(f"{LEADS}/00QHr0000000001MAA", json={})) == expected


@pytest.mark.parametrize("path", ["/sobjects/Lead/", "/sobjects/Lead"])
async def test_a_trailing_slash_is_accepted(client, path):
    assert (await client.post(V + path, json=ANN)).status_code == 201


async def test_a_version_the_org_does_not_speak_is_not_found(client):
    assert error(await client.get("/services/data/v12.0/sobjects"))[:2] == (404, "NOT_FOUND")


async def test_an_endless_address_is_too_long(client):
    assert (await client.get(f"{V}/query", params={"q": "x" * 17000})).status_code == 414


async def test_an_attachment_answers_the_address_of_its_content(client):
    account = await create(client, "Account", Name="Acme")
    note = await create(client, "Attachment", ParentId=account, Name="a.txt", Body="aGVsbG8=")
    assert await read(client, "Attachment", note, "Body") == [f"{V}/sobjects/Attachment/{note}/Body"]
