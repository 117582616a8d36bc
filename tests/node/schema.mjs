// Objects and fields through jsforce's tooling and metadata; prints what it saw as JSON.
import jsforce from "jsforce";

const [instanceUrl, accessToken] = process.argv.slice(2);
const connection = new jsforce.Connection({ instanceUrl, accessToken, version: "60.0" });
const seen = {};

const tooled = await connection.tooling.sobject("CustomField").create({
  FullName: "Lead.Made_By_Tooling__c",
  Metadata: { label: "Made by tooling", type: "Text", length: 64, externalId: true, unique: true },
});
seen.tooling = tooled.success;
const rows = await connection.tooling.query("SELECT DeveloperName FROM CustomField WHERE DeveloperName = 'Made_By_Tooling'");
seen.toolingQuery = rows.records.map((each) => each.DeveloperName);

const object = await connection.metadata.create("CustomObject", {
  fullName: "Visit__c",
  label: "Visit",
  pluralLabel: "Visits",
  nameField: { type: "Text", label: "Visit Name" },
  deploymentStatus: "Deployed",
  sharingModel: "ReadWrite",
});
seen.object = object.success;
const field = await connection.metadata.create("CustomField", {
  fullName: "Visit__c.Minutes__c",
  label: "Minutes",
  type: "Number",
  precision: 6,
  scale: 0,
});
seen.field = field.success;
seen.read = (await connection.metadata.read("CustomObject", "Visit__c")).label;
seen.hidden = !(await connection.sobject("Visit__c").describe()).fields.some((each) => each.name === "Minutes__c");

const permissions = await connection.metadata.create("PermissionSet", {
  fullName: "Visits",
  label: "Visits",
  fieldPermissions: [{ field: "Visit__c.Minutes__c", readable: true, editable: true }],
});
seen.permissions = permissions.success;
const set = await connection.query("SELECT Id FROM PermissionSet WHERE Name = 'Visits'");
const { user_id: userId } = await connection.identity();
const assigned = await connection.sobject("PermissionSetAssignment").create({ PermissionSetId: set.records[0].Id, AssigneeId: userId });
seen.assigned = assigned.success;
seen.shown = (await connection.sobject("Visit__c").describe()).fields.some((each) => each.name === "Minutes__c");
seen.described = (await connection.metadata.describe()).metadataObjects.some((each) => each.xmlName === "CustomObject");
seen.listed = (await connection.metadata.list([{ type: "CustomObject" }])).some((each) => each.fullName === "Visit__c");
console.log(JSON.stringify(seen));
