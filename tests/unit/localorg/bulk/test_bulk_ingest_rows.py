"""What a load does to rows, and what its result files say of them."""

import pytest

from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

TWO = "LastName,Company\nBerg,Acme\nDal,Acme\n"


async def test_rows_are_stored(bulk):
    await bulk.load("LastName,Company,City\nBerg,Acme,Bonn\n")
    assert await bulk.query("SELECT LastName, Company, City FROM Lead") == [{"LastName": "Berg", "Company": "Acme", "City": "Bonn"}]


async def test_results_hold_the_columns_that_were_uploaded(bulk):
    done = await bulk.load('LastName,Company\n"Be""rg","A,\ncme"\n')
    (row,) = await bulk.file(done["id"], "successfulResults")
    assert (row["sf__Created"], row["LastName"], row["Company"]) == ("true", 'Be"rg', "A,\ncme")
    assert row["sf__Id"].startswith("00Q")


async def test_a_refused_row_leaves_the_others_alone(bulk):
    done = await bulk.load("LastName,Company\nBerg,Acme\n,Acme\nDal,Acme\n")
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    assert await bulk.errors(done["id"]) == ["REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"]
    assert [each["LastName"] for each in await bulk.query("SELECT LastName FROM Lead ORDER BY LastName")] == ["Berg", "Dal"]


async def test_an_error_without_fields_ends_in_dashes_alone(keyed):
    await keyed.load("Key__c,LastName,Company\na,Berg,Acme\n")
    done = await keyed.load("Key__c,LastName,Company\na,Dal,Acme\n")
    (error,) = await keyed.errors(done["id"])
    assert error.startswith("DUPLICATE_VALUE:duplicate value found: Key__c duplicates value on record with id: 00Q")
    assert error.endswith(":--")


async def test_an_update_leaves_empty_cells_alone_and_clears_marked_ones(bulk):
    first = await bulk.load("LastName,Company,City,Title\nBerg,Acme,Bonn,Boss\n")
    (made,) = await bulk.file(first["id"], "successfulResults")
    done = await bulk.load(f"Id,City,Title\n{made['sf__Id']},,#N/A\n", operation="update")
    (row,) = await bulk.file(done["id"], "successfulResults")
    assert (row["sf__Created"], row["sf__Id"]) == ("false", made["sf__Id"])
    assert await bulk.query("SELECT City, Title FROM Lead") == [{"City": "Bonn", "Title": None}]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (",Bonn", "MISSING_ARGUMENT:Id not specified in an update call:--"),
        ("xyz,Bonn", "MALFORMED_ID:malformed id xyz:Id --"),
        ("00QHr000000000zMAA,Bonn", "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"),
    ],
)
async def test_an_update_needs_a_record(bulk, row, error):
    done = await bulk.load(f"Id,City\n{row}\n", operation="update")
    assert await bulk.errors(done["id"]) == [error]


async def test_a_refused_update_says_which_record_it_was(bulk):
    first = await bulk.load(TWO)
    made = (await bulk.file(first["id"], "successfulResults"))[0]["sf__Id"]
    done = await bulk.load(f"Id,Email\n{made},nonsense\n", operation="update")
    (row,) = await bulk.file(done["id"], "failedResults")
    assert (row["sf__Id"], row["sf__Error"]) == (made, "INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --")


async def test_an_upsert_creates_then_updates(keyed):
    job = {"operation": "upsert", "externalIdFieldName": "Key__c"}
    await keyed.load("Key__c,LastName,Company\na,Berg,Acme\n", **job)
    done = await keyed.load("Key__c,LastName,Company\nA,Dal,Acme\nb,Lo,Acme\n", **job)
    made = {each["Key__c"]: each["sf__Created"] for each in await keyed.file(done["id"], "successfulResults")}
    assert made == {"A": "false", "b": "true"}
    assert await keyed.query("SELECT Key__c, LastName FROM Lead ORDER BY Key__c") == [
        {"Key__c": "a", "LastName": "Dal"},
        {"Key__c": "b", "LastName": "Lo"},
    ]


async def test_a_key_given_twice_fails_all_its_rows(keyed):
    text = "Key__c,LastName,Company\na,Berg,Acme\nA,Dal,Acme\nb,Lo,Acme\n,Ny,Acme\n"
    done = await keyed.load(text, operation="upsert", externalIdFieldName="Key__c")
    assert await keyed.errors(done["id"]) == [
        "DUPLICATE_VALUE:Duplicate external id specified: A:Key__c --",
        "DUPLICATE_VALUE:Duplicate external id specified: a:Key__c --",
        "MISSING_ARGUMENT:Key__c not specified:Key__c --",
    ]


async def test_an_upsert_by_id_creates_rows_without_one(bulk):
    done = await bulk.load("Id,LastName,Company\n,Berg,Acme\nxyz,Dal,Acme\n", operation="upsert", externalIdFieldName="Id")
    assert (done["numberRecordsProcessed"], await bulk.errors(done["id"])) == (2, ["MALFORMED_ID:Id in upsert is not valid:Id --"])


async def test_a_delete_puts_rows_in_the_bin(bulk):
    first = await bulk.load(TWO)
    made = [each["sf__Id"] for each in await bulk.file(first["id"], "successfulResults")]
    await bulk.load("Id\n" + "\n".join(made) + "\n", operation="delete")
    assert await bulk.query("SELECT Id FROM Lead") == []
    assert len((await bulk.client.get("/services/data/v60.0/queryAll", params={"q": "SELECT Id FROM Lead"})).json()["records"]) == 2


async def test_a_hard_delete_leaves_nothing_in_the_bin(bulk):
    first = await bulk.load(TWO)
    made = [each["sf__Id"] for each in await bulk.file(first["id"], "successfulResults")]
    await bulk.load("Id\n" + "\n".join(made) + "\n", operation="hardDelete")
    assert (await bulk.client.get("/services/data/v60.0/queryAll", params={"q": "SELECT Id FROM Lead"})).json()["records"] == []


async def test_a_parent_may_be_given_by_its_key(bulk):
    await bulk.field("Account", "Code__c", type="string", length=20, unique=True, externalId=True)
    await bulk.load("Name,Code__c\nAcme,A1\n", object="Account")
    done = await bulk.load("LastName,Account.Code__c\nBerg,A1\nDal,A2\nLo,#N/A\nNy,\n", object="Contact")
    assert await bulk.errors(done["id"]) == ["INVALID_FIELD:Foreign key external ID: a2 not found for field Code__c in entity Account:--"]
    assert await bulk.query("SELECT LastName, Account.Name FROM Contact WHERE AccountId <> NULL") != []


async def test_a_parent_of_several_kinds_needs_its_kind(bulk):
    await bulk.load("LastName,Company,Email\nBerg,Acme,berg@acme.example\n")
    done = await bulk.load("Subject,Lead:Who.Email\nCall,berg@acme.example\n", object="Task")
    assert (done["state"], done["numberRecordsFailed"]) == ("JobComplete", 0)
    assert [each["Who"]["Name"] for each in await bulk.query("SELECT Who.Name FROM Task")] == ["Berg"]


async def test_a_cell_of_the_wrong_type_is_told_by_its_field(bulk):
    done = await bulk.load("Subject,ActivityDate\nCall,soon\n", object="Task")
    assert await bulk.errors(done["id"]) == [
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Due Date Only: value not of required type: soon:ActivityDate --"
    ]


async def test_every_bad_cell_of_a_row_is_told(bulk):
    done = await bulk.load(f"LastName,Company,Email,Phone\nBerg,Acme,nonsense,{'1' * 50}\n")
    (error,) = await bulk.errors(done["id"])
    assert [part.partition(":")[0] for part in error.split(" --")] == ["INVALID_EMAIL_ADDRESS", "STRING_TOO_LONG", ""]


async def test_a_row_may_lack_its_last_cells(bulk):
    done = await bulk.load("LastName,Company,City,Title\nBerg,Acme\n")
    (row,) = await bulk.file(done["id"], "successfulResults")
    assert (row["City"], row["Title"]) == ("", "")


async def test_a_row_with_too_many_cells_is_refused(bulk):
    done = await bulk.load("LastName,Company\nBerg,Acme,Bonn\n")
    assert await bulk.errors(done["id"]) == ["INVALID_BATCH:Failed to parse CSV: the row has 3 cells, the header 2:--"]


async def test_a_field_that_may_not_be_written_refuses_the_rows_that_fill_it(bulk):
    done = await bulk.load("LastName,Company,Name\nBerg,Acme,\nDal,Acme,Mr Dal\n")
    (error,) = await bulk.errors(done["id"])
    assert error.startswith("INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Name.")


async def test_another_seed_gives_another_order_and_the_same_seed_the_same(bulk_of, clock):
    orders = []
    for seed in (0, 0, 1):
        org = LocalOrg(OrgSettings(bulk_seed=seed), clock)
        async with org.client() as client:
            bulk = bulk_of(client)
            done = await bulk.load("LastName,Company\n" + "".join(f"Berg {number},Acme\n" for number in range(300)))
            orders.append([each["LastName"] for each in await bulk.file(done["id"], "successfulResults")])
        await org.close()
    assert (orders[0] == orders[1], orders[0] == orders[2]) == (True, False)


async def test_members_are_counted_after_every_chunk(bulk, org):
    campaign = (await bulk.client.post("/services/data/v60.0/sobjects/Campaign", json={"Name": "Spring"})).json()["id"]
    leads = await bulk.load("LastName,Company\n" + "".join(f"Berg {number},Acme\n" for number in range(450)))
    made = [each["sf__Id"] for each in await bulk.file(leads["id"], "successfulResults")]
    await bulk.load("CampaignId,LeadId,Status\n" + "".join(f"{campaign},{each},Responded\n" for each in made), object="CampaignMember")
    found = await bulk.query("SELECT NumberOfLeads, NumberOfResponses FROM Campaign")
    assert found == [{"NumberOfLeads": 450, "NumberOfResponses": 450}]


async def test_no_assignment_rule_runs_unless_the_job_names_it(bulk, org):
    owner = org.org.human.id
    await bulk.client.post("/localorg/assignment", json={"object": "Lead", "owner": owner})
    await bulk.load("LastName,Company\nBerg,Acme\n")
    await bulk.load("LastName,Company\nDal,Acme\n", assignmentRuleId="01QHr0000000001MAA")
    found = await bulk.query("SELECT LastName, OwnerId FROM Lead ORDER BY LastName")
    assert [each["OwnerId"] for each in found] == [org.org.user.id, owner]


async def test_results_do_not_come_in_the_order_of_the_upload(bulk):
    names = [f"Berg {number:04}" for number in range(1000)]
    done = await bulk.load("LastName,Company\n" + "".join(f"{name},Acme\n" for name in names))
    stored = [each["LastName"] for each in await bulk.file(done["id"], "successfulResults")]
    assert (sorted(stored), stored != names) == (names, True)


async def test_even_two_results_do_not_come_in_the_order_of_the_upload(bulk):
    done = await bulk.load(TWO)
    assert [each["LastName"] for each in await bulk.file(done["id"], "successfulResults")] == ["Dal", "Berg"]


async def test_what_was_loaded_is_in_the_log_of_writes(bulk, org):
    await bulk.load("LastName,Company\n" + "Berg,Acme\n" * 3000)
    written = [each for each in org.org.writes if each.object == "Lead"]
    assert (len(written), written[0].after["LastName"], written[0].sent) == (3000, "Berg", ("LastName", "Company"))
