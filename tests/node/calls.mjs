// Calls of RudderStack's and Segment's own clients, all at once to several data planes; prints what they sent and every complaint.
//
// Each place is {name, host, path}: where a client is told to post to. The clients keep all their defaults.
import RudderStack from "@rudderstack/rudder-sdk-node";
import { Analytics as Segment } from "@segment/analytics-node";

const { writeKey, people, places } = JSON.parse(process.argv[2]);
const integrations = { Salesforce: true };

function calls(sdk, place) {
  const user = (number) => `${sdk}-${place}-${number}`;
  const identifies = Array.from({ length: people }, (_, number) => ({
    type: "identify",
    message: { userId: user(number), traits: { email: `${user(number)}@x.example`, lastName: "Ray" }, integrations },
  }));
  const others = [
    ["track", { event: "Opened", properties: { price: 5 } }],
    ["page", { name: "Start" }],
    ["screen", { name: "Start" }],
    ["group", { groupId: "g1", traits: { name: "Acme" } }],
    ["alias", { previousId: "before" }],
  ].map(([type, message]) => ({ type, message: { userId: user(type), ...message } }));
  return [...identifies, ...others];
}

async function rudderstack({ name, host, path, key = writeKey }) {
  const client = new RudderStack(key, { dataPlaneUrl: host, path, logLevel: "none", errorHandler: () => {} });
  const told = calls("rudderstack", name).map(
    ({ type, message }) =>
      new Promise((resolve) => client[type](message, (problem) => resolve(problem ? problem.message : null))),
  );
  await Promise.resolve();
  while (client.queue.length > 0) await client.flush().catch(() => {});
  return (await Promise.all(told)).filter(Boolean);
}

async function segment({ name, host, path, key = writeKey }) {
  const client = new Segment({ writeKey: key, host, path });
  const told = calls("segment", name).map(
    ({ type, message }) =>
      new Promise((resolve) =>
        client[type](message, (problem) => resolve(problem ? String(problem.reason?.message ?? problem.message ?? problem) : null)),
      ),
  );
  await client.closeAndFlush();
  return (await Promise.all(told)).filter(Boolean);
}

const clients = { rudderstack, segment };
const jobs = Object.entries(clients).flatMap(([sdk, send]) => places.map((place) => [sdk, place, send]));
const problems = await Promise.all(jobs.map(([, place, send]) => send(place)));
const outcome = jobs.map(([sdk, place], number) => ({
  sdk,
  place: place.name,
  sent: calls(sdk, place.name).map(({ type, message }) => [message.userId, type]),
  problems: problems[number],
}));
console.log(JSON.stringify(outcome));
