// Bluesky's own servers on 127.0.0.1 for one test run: PLC directory, PDS and AppView.
//
//     node start.cjs FOLDER_OF_THE_PACKAGES POSTGRES_URL
//
// Prints one line of JSON when all are up. Then each line on stdin is a command, answered by one line:
//     settle          the AppView has seen what the PDS has
//     expired DID     an access token of that account which has run out
//     limit DID       the PDS takes no more writes of that account, until
//     unlimit DID
// The end of stdin ends everything.
"use strict";
const { createRequire } = require("node:module");
const net = require("node:net");
const path = require("node:path");
const readline = require("node:readline");

require("node:dns").setDefaultResultOrder("ipv4first");

// Every server here listens where no other machine reaches it, whatever it asks for.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...others) {
  if (typeof first === "object" && first !== null) return listen.call(this, { ...first, host: "127.0.0.1" }, ...others);
  return listen.call(this, first, "127.0.0.1", ...others.filter((one) => typeof one === "function"));
};

// And reaches none: a name that is not this machine's is not there.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = options && typeof options === "object" ? options.host : undefined;
  if (host && !["localhost", "127.0.0.1"].includes(host)) {
    process.nextTick(() => this.destroy(new Error(`the test server does not go to ${host}`)));
    return this;
  }
  return connect.apply(this, given);
};

const [folder, postgres] = process.argv.slice(2);
const load = createRequire(path.join(folder, "package.json"));
const dev = load("@atproto/dev-env");
const inner = createRequire(load.resolve("@atproto/dev-env"));
const limits = createRequire(inner.resolve("@atproto/xrpc-server"))("rate-limiter-flexible");

// The AppView's searches are made faster by an extension that the PostgreSQL of the tests does not have.
const Client = createRequire(inner.resolve("@atproto/bsky"))("pg").Client;
const query = Client.prototype.query;
Client.prototype.query = function (first, ...others) {
  const text = typeof first === "string" ? first : first.text;
  return /pg_trgm|gist_trgm_ops/.test(text || "") ? query.call(this, "select 1") : query.call(this, first, ...others);
};

const limiters = new Set();
const consume = limits.RateLimiterMemory.prototype.consume;
const shut = new Set();
limits.RateLimiterMemory.prototype.consume = function (key, points, ...others) {
  limiters.add(this);
  const all = shut.has(key) && this.keyPrefix.includes("repo-write-hour");
  return consume.call(this, key, all ? this.points + 1 : points, ...others);
};

async function main() {
  const port = inner("get-port");
  const plc = await dev.TestPlc.create({});
  const pdsPort = await port();
  const bsky = await dev.TestBsky.create({
    plcUrl: plc.url,
    pdsPort,
    repoProvider: `ws://localhost:${pdsPort}`,
    dbPostgresSchema: "appview",
    dbPostgresUrl: postgres,
    privateKey: "3f916c70dc69e4c5e83877f013325b11ecac31742e6a42f5c4fb240d0703d9d5",
  });
  const pds = await dev.TestPds.create({
    port: pdsPort,
    didPlcUrl: plc.url,
    bskyAppViewUrl: bsky.url,
    bskyAppViewDid: bsky.ctx.cfg.serverDid,
    rateLimitsEnabled: true,
  });
  dev.mockNetworkUtilities(pds, bsky);
  say({ pds: `http://127.0.0.1:${pdsPort}`, appview: bsky.url.replace("localhost", "127.0.0.1"), plc: plc.url });

  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, did] = line.split(" ");
    try {
      if (command === "settle") await settle(pds, bsky);
      else if (command === "expired") say({ access: await expired(pds, did) });
      else if (command === "limit") shut.add(did);
      else if (command === "unlimit") {
        shut.delete(did);
        for (const limiter of limiters) await limiter.delete(did);
      } else throw new Error(`no command: ${command}`);
      if (command !== "expired") say({});
    } catch (error) {
      say({ error: String(error) });
    }
  }
  process.exit(0);
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Until the AppView has read everything the PDS has written. */
async function settle(pds, bsky) {
  await pds.processAll();
  const last = await pds.ctx.sequencer.curr();
  for (const end = Date.now() + 20000; Date.now() < end; ) {
    await bsky.sub.processAll();
    const read = await bsky.sub.runner.getCursor();
    if (!last || (read && read >= last)) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error("the AppView does not catch up");
}

async function expired(pds, did) {
  const jose = createRequire(inner.resolve("@atproto/pds"))("jose");
  return new jose.SignJWT({ scope: "com.atproto.appPass" })
    .setProtectedHeader({ typ: "at+jwt", alg: "HS256" })
    .setAudience(pds.ctx.cfg.service.did)
    .setSubject(did)
    .setIssuedAt(Math.floor(Date.now() / 1000) - 7200)
    .setExpirationTime(Math.floor(Date.now() / 1000) - 60)
    .sign(pds.jwtSecretKey());
}

main().catch((error) => {
  say({ error: String((error && error.stack) || error) });
  process.exit(1);
});
