// The story of a product: from the sign-up of its vendor to its registration, a municipality's table, a suspension and the
// changed table. Nobody in it runs scripts, except who signs in with a passkey.
//
// argv: JSON {origin, shots, work, program, targets, codes: {examiner, approver, administrator, auditor, municipality}}
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Browser, expect } from "./browser.mjs";

const plan = JSON.parse(process.argv[2]);
const { origin, work, program } = plan;
const PROFILE = "unit.01.provider";
const PRODUCT = "架空住民記録";
const VENDOR = { name: "株式会社架空システム", corporateNumber: plan.corporateNumber };
const at = (name) => path.join(work, name);
const run = (...words) => execFileSync(program, words, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
const openssl = (...words) => execFileSync("openssl", words);
const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

const browser = await new Browser(origin, plan.shots).start();
const signIn = async (code, options) => {
  const person = await browser.person(options);
  await person.go("/sign-in");
  await person.does("/sign-in", { code });
  return person;
};

try {
  say("everybody's pages, empty");
  const visitor = await browser.person();
  for (const [name, address] of [
    ["home-empty", "/"], ["help", "/help"], ["data", "/data"], ["log-empty", "/log"], ["accessibility", "/accessibility"],
    ["catalog-empty", "/catalog"], ["matrix", "/matrix?unit=01"], ["rfp", "/rfp"], ["sign-in", "/sign-in"], ["sign-up", "/sign-up"],
  ]) {
    await visitor.go(address);
    await visitor.look(name);
  }
  const missing = await visitor.page.goto(`${origin}/r/JK-2026-000001-00`);
  expect(missing.status() === 404, "an unknown number is not found");
  await visitor.look("not-found", { answered: true });

  say("a vendor signs up");
  const vendor = await browser.person();
  await vendor.go("/sign-up");
  await vendor.fill("/sign-up", { person: "架空 太郎", email: "ci@example.jp", corporateNumber: "1", name: VENDOR.name });
  await vendor.send("/sign-up");
  await vendor.look("sign-up-faults", { answered: true });
  await vendor.does("/sign-up", {
    person: "架空 太郎", email: "ci@example.jp", corporateNumber: VENDOR.corporateNumber, name: VENDOR.name, nameKana: "カクウシステム",
  });
  await vendor.look("sign-up-codes", { answered: true });
  await vendor.go("/vendor");
  await vendor.look("vendor-pending");

  say("an examiner admits it");
  const examiner = await signIn(plan.codes.examiner);
  await examiner.go("/vendors");
  await examiner.look("vendors-pending");
  await examiner.does("/vendors/decide", {}, "button[value=true]");

  say("product and version");
  await vendor.go("/vendor/products/new");
  await vendor.look("product-new");
  await vendor.does("/vendor/products", {
    name: PRODUCT, nameKana: "カクウジュウミンキロク", summary: "住民記録の架空の製品です。", units: "01", clouds: "government-cloud", sizes: "small",
    "facts.contact": "架空システム 営業部", "facts.url": "https://kakuu.example/jumin",
  });
  const product = vendor.path();
  await vendor.does(`${product}/versions`, { version: "3.2.1", build: "20261122" });
  const version = vendor.path();
  await vendor.go(product);
  await vendor.look("vendor-product");

  say("a key with proof of possession");
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", at("vendor.sec1"));
  openssl("pkcs8", "-topk8", "-nocrypt", "-in", at("vendor.sec1"), "-out", at("vendor.pem"));
  openssl("ec", "-in", at("vendor.pem"), "-pubout", "-out", at("vendor.pub"));
  await vendor.go("/vendor/keys");
  await vendor.look("keys-empty");
  await vendor.does("/vendor/keys", { label: "CI", pem: readFileSync(at("vendor.pub"), "utf8") });
  const proof = await vendor.page.$eval("#proof-text", (e) => e.textContent);
  writeFileSync(at("proof.txt"), proof);
  await vendor.look("keys-proof", { answered: true });
  openssl("dgst", "-sha256", "-sign", at("vendor.pem"), "-out", at("proof.sig"), at("proof.txt"));
  await vendor.does("/vendor/keys/proof", { signature: readFileSync(at("proof.sig")).toString("base64") });
  await vendor.look("keys");

  say("a challenge, a run, a signature");
  await vendor.go(version);
  await vendor.does(`${version}/challenges`, { profiles: PROFILE });
  const challenge = vendor.path();
  await vendor.look("challenge");
  const file = await vendor.page.evaluate(async (address) => (await fetch(address)).text(), `${challenge}/file`).catch(() => null);
  const cookies = await vendor.page.cookies();
  const answer = file ?? await (await fetch(`${origin}${challenge}/file`, {
    headers: { cookie: cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ") },
  })).text();
  writeFileSync(at("challenge.json"), answer);
  let target = readFileSync(path.join(plan.targets, "target-units.toml"), "utf8");
  target = target.replace(/\[product\]\n[\s\S]*?(?=\n\[)/, `[product]\nvendor = "${VENDOR.name}"\ncorporate-number = "${VENDOR.corporateNumber}"\nname = "${PRODUCT}"\nversion = "3.2.1"\nclaims = ["${PROFILE}"]\n\n`);
  writeFileSync(at("target.toml"), target);
  run("run", "--target", at("target.toml"), "--challenge", at("challenge.json"), "--out", at("run"));
  const bundle = path.join(work, "run", "bundle.junkyo");

  say("a submission that is refused, with all reasons");
  await vendor.go("/vendor/submit");
  await vendor.look("submit");
  await vendor.fill("/vendor/submit", { bundle });
  await vendor.send("/vendor/submit");
  expect((await vendor.text()).includes("受け付けられませんでした"), `an unsigned bundle is refused: ${await vendor.text()}`);
  await vendor.look("submit-refused", { answered: true });

  say("the signed bundle is taken and judged again");
  run("sign", "--key", at("vendor.pem"), bundle);
  await vendor.does("/vendor/submit", { bundle });
  const submission = vendor.path();
  expect(submission.startsWith("/vendor/submissions/"), `taken: ${submission}\n${await vendor.text()}`);
  for (let round = 0; (await vendor.text()).includes("再判定中"); round++) {
    expect(round < 120, "judged again within two minutes");
    await new Promise((done) => setTimeout(done, 1000));
    await vendor.go(submission);
  }
  await vendor.look("submission");
  const id = submission.split("/").pop();

  say("documents, a question, an answer");
  writeFileSync(at("redundancy.pdf"), "%PDF-1.4\n% 架空の冗長化構成図\n");
  await vendor.does(`${submission}/documents`, { kind: "redundancy", file: at("redundancy.pdf") });
  await examiner.go("/review");
  await examiner.look("review-queue");
  await examiner.go(`/review/${id}`);
  await examiner.look("review-case");
  await examiner.does(`/review/${id}/ask-back`, { question: "冗長化の切替手順を教えてください。" });
  await vendor.go(submission);
  await vendor.look("submission-question");
  await vendor.does(`${submission}/answer`, { text: "図の2頁に示しました。" });
  await examiner.go(`/review/${id}`);
  await examiner.does(`/review/${id}/document`, { note: "確認しました。" }, "button[value=true]");
  await examiner.does(`/review/${id}/propose`, { step: "1", note: "判定はすべて一致しています。" });

  say("the approver countersigns");
  const approver = await signIn(plan.codes.approver);
  await approver.go("/decide");
  await approver.look("decide-queue");
  await approver.go(`/review/${id}`);
  await approver.look("decide-case");
  await approver.does(`/decide/${id}/approve`);
  const number = (await approver.page.$eval("a[href^='/r/JK-']", (e) => e.textContent)).trim();
  expect(/^JK-\d{4}-\d{6}-\d{2}$/.test(number), `a number: ${number}`);
  say(`registered: ${number}`);

  say("what everybody sees");
  for (const [name, address] of [
    ["home", "/"], ["catalog", "/catalog"], ["catalog-found", "/catalog?q=%E4%BD%8F%E6%B0%91"], ["log", "/log"], ["registration", `/r/${number}`],
    ["certificate", `/r/${number}/certificate`], ["matrix-unit", "/matrix?unit=01"],
  ]) {
    await visitor.go(address);
    await visitor.look(name);
  }
  expect((await visitor.go("/catalog?q=%E4%BD%8F%E6%B0%91").then((v) => v.text())).includes(PRODUCT), "住民 finds the product");
  await visitor.go("/catalog");
  await visitor.page.click(".entries h3 a");
  await visitor.page.waitForSelector("#evidence");
  await visitor.page.click("a[href^='/catalog/products/']");
  await visitor.page.waitForSelector(".line");
  await visitor.look("product");
  await visitor.go(`/r/${number}/certificate`);
  await visitor.page.pdf({ path: path.join(plan.shots, "certificate.pdf"), preferCSSPageSize: true, printBackground: true });
  await visitor.go(`/r/${number}`);
  await visitor.page.pdf({ path: path.join(plan.shots, "registration.pdf"), preferCSSPageSize: true });
  await visitor.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await visitor.go("/");
  await visitor.look("home-dark");
  await visitor.go(`/r/${number}`);
  await visitor.look("registration-dark");
  await visitor.page.emulateMediaFeatures([]);
  await vendor.go(`/vendor/registrations/${number}`);
  await vendor.look("vendor-registration");
  await vendor.go("/vendor");
  await vendor.look("vendor");

  say("a municipality checks what it was told");
  const municipality = await signIn(plan.codes.municipality);
  const requirement = await visitor.go(`/r/${number}`).then((v) => v.page.$$eval("table.requirements tr", (rows) =>
    rows.find((row) => row.querySelector(".v.pass"))?.querySelector("th code")?.textContent));
  expect(requirement, "a requirement that passed");
  writeFileSync(at("rfp.csv"), `項番,要件,要件ID,回答者,回答,登録番号\n1,住民記録の標準仕様に従うこと,${requirement},${VENDOR.name},対応,${number}\n2,窓口の待ち時間を短くすること,,${VENDOR.name},対応,${number}\n`);
  await municipality.go("/rfp");
  await municipality.does("/rfp", { list: at("rfp.csv") }, "button[value=html]");
  const before = await municipality.text();
  await municipality.look("rfp-result", { answered: true });
  // Contradicted, suspended, expired, not substantiated, undetermined, substantiated …
  expect(before.includes(`${VENDOR.name}\t0\t0\t0\t0\t0\t1\t`), `substantiated:\n${before.slice(0, 1500)}`);

  say("a suspension");
  await examiner.go(`/registrations/${number}`);
  await examiner.look("staff-registration");
  await examiner.does(`/registrations/${number}/recommend`, { event: "suspend", code: "nonconformity", ja: "登録後の確認で不適合が見つかったため", en: "A nonconformity was found after registration" });
  await approver.go("/registrations");
  await approver.look("staff-registrations");
  await approver.go(`/registrations/${number}`);
  await approver.look("staff-registration-decide");
  await approver.does(`/registrations/${number}/decide`);
  await visitor.go(`/r/${number}`);
  expect((await visitor.text()).includes("停止中"), "the page says that it is suspended");
  await visitor.look("registration-suspended");

  say("the changed table");
  await municipality.go("/rfp");
  await municipality.does("/rfp", { list: at("rfp.csv") }, "button[value=html]");
  const after = await municipality.text();
  expect(after.includes(`${VENDOR.name}\t0\t1\t0\t0\t0\t0\t`), `suspended:\n${after.slice(0, 1500)}`);
  await municipality.look("rfp-result-suspended", { answered: true });

  say("the office");
  const administrator = await signIn(plan.codes.administrator);
  for (const [name, address] of [["admin", "/admin"], ["accounts", "/admin/accounts"], ["suites", "/suites"], ["vendors", "/vendors"], ["audit", "/audit"], ["test-challenges", "/test-challenges"]]) {
    await administrator.go(address);
    await administrator.look(name);
  }
  await examiner.go("/waivers");
  await examiner.look("waivers");

  say("a passkey");
  const modern = await signIn(plan.codes.auditor, { scripts: true });
  const session = await modern.page.createCDPSession();
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await modern.go("/account");
  await modern.look("account");
  await modern.does("/account/passkeys", { name: "手元の端末" });
  expect((await modern.text()).includes("手元の端末"), "the passkey is listed");
  await modern.does("/sign-out");
  await modern.go("/sign-in");
  await modern.does("/sign-in/passkey");
  await modern.go("/audit");
  expect((await modern.text()).includes("監査"), "signed in with the passkey");

  say(`looked at ${browser.looked.size} pages in two languages`);
} catch (error) {
  browser.fault(error.stack ?? String(error));
} finally {
  await browser.stop();
}
console.log(JSON.stringify({ pages: browser.looked.size, faults: browser.faults }));
process.exit(browser.faults.length > 0 ? 1 : 0);
