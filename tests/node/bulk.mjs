// Both versions of the Bulk API through jsforce; prints what it saw as JSON.
import jsforce from "jsforce";

const [instanceUrl, accessToken] = process.argv.slice(2);
const connection = new jsforce.Connection({ instanceUrl, accessToken, version: "60.0" });
connection.bulk.pollInterval = connection.bulk2.pollInterval = 20;
connection.bulk.pollTimeout = connection.bulk2.pollTimeout = 30000;
const seen = {};

const people = Array.from({ length: 500 }, (_, number) => ({ LastName: `Berg ${number}`, Company: `Acme, "${number}"` }));
people[7].LastName = "";

const first = await connection.bulk.load("Lead", "insert", people.map((each) => ({ ...each, City: "One" })));
seen.firstStored = first.filter((each) => each.success).length;
seen.firstRefused = first[7].errors;

const second = await connection.bulk2.loadAndWaitForResults({
  object: "Lead",
  operation: "insert",
  input: people.map((each) => ({ ...each, City: "Two" })),
});
seen.secondStored = second.successfulResults.length;
seen.secondRefused = second.failedResults.map((each) => [each.Company, each.sf__Error]);
seen.secondUnprocessed = second.unprocessedRecords.length;
const numbers = second.successfulResults.map((each) => Number(each.LastName.split(" ")[1]));
seen.inUploadOrder = numbers.every((each, place) => place === 0 || numbers[place - 1] < each);

const soql = "SELECT Id, Name, Company, City FROM Lead WHERE City = 'Two'";
const one = await (await connection.bulk.query(soql)).toArray();
const two = await (await connection.bulk2.query(soql)).toArray();
seen.queried = [one.length, two.length];
seen.company = two.find((each) => each.Name === "Berg 3").Company;

const doomed = one.map((each) => ({ Id: each.Id }));
const gone = await connection.bulk.load("Lead", "delete", doomed.slice(0, 10));
seen.deleted = gone.filter((each) => each.success).length;
console.log(JSON.stringify(seen));
