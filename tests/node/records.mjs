// Single records, collections, queries and identity through jsforce; prints what it saw as JSON.
import jsforce from "jsforce";

const [instanceUrl, username, password] = process.argv.slice(2);
const connection = new jsforce.Connection({ loginUrl: instanceUrl, version: "60.0" });
const login = await connection.login(username, password);
const seen = { organization: login.organizationId };

const made = await connection.sobject("Lead").create({ LastName: "O'Neil", Company: "Acme" });
await connection.sobject("Lead").update({ Id: made.id, Title: "Head of things" });
const read = await connection.sobject("Lead").retrieve(made.id);
seen.title = read.Title;

const many = Array.from({ length: 450 }, (_, number) => ({ LastName: `Berg ${number}`, Company: "Many" }));
const results = await connection.sobject("Lead").create(many, { allowRecursive: true });
seen.created = results.filter((each) => each.success).length;

const refused = await connection.sobject("Lead").create([{ Company: "Acme" }]);
seen.refused = refused[0].errors[0].statusCode;

const query = connection.query("SELECT Id, Name FROM Lead WHERE Company = 'Many'");
const queried = await query.run({ autoFetch: true, maxFetch: 1000, headers: { "Sforce-Query-Options": "batchSize=200" } });
seen.queried = queried.records.length;
seen.total = queried.totalSize;

const found = await connection.sobject("Lead").find({ LastName: "O'Neil" }, ["Id", "Title"]);
seen.found = found.map((each) => each.Title);
seen.described = (await connection.sobject("Lead").describe()).fields.some((each) => each.name === "Company");

const matches = await connection.search("FIND {Neil} IN NAME FIELDS RETURNING Lead(Id, LastName)");
seen.searched = matches.searchRecords.map((each) => each.LastName);

const identity = await connection.identity();
seen.identity = identity.username;

await connection.sobject("Lead").destroy(made.id);
seen.left = await connection.sobject("Lead").count({ LastName: "O'Neil" });
seen.usage = connection.limitInfo.apiUsage.limit;
console.log(JSON.stringify(seen));
