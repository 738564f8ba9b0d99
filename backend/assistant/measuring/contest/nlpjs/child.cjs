// nlp.js in a process of its own; hears and says what ../child.py does, line by line.
"use strict";

// Its Chinese dictionary and its training print to the console; the answers alone go to stdout.
console.log = () => {};

const fs = require("fs");
const path = require("path");
const readline = require("readline");

const installed = process.env.FERRY_NLPJS;
const { containerBootstrap } = require(path.join(installed, "@nlpjs/core"));
const { Nlp } = require(path.join(installed, "@nlpjs/nlp"));
const { LangEn } = require(path.join(installed, "@nlpjs/lang-en"));

const MODEL = "model.json";
const IDEOGRAPH = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;
const languageOf = (text) => (IDEOGRAPH.test(text) ? "zh" : "en");
const say = (found) => fs.writeSync(1, JSON.stringify(found) + "\n");

function residentMb() {
  global.gc();
  return process.memoryUsage().rss / 1e6;
}

// Chinese words are cut by a dictionary of many MB: loaded only where phrases are Chinese.
function makeNlp(chinese) {
  const container = containerBootstrap();
  container.use(LangEn);
  if (chinese) container.use(require(path.join(installed, "@nlpjs/lang-zh")).LangZh);
  return new Nlp({
    container,
    languages: chinese ? ["en", "zh"] : ["en"],
    autoSave: false,
    autoLoad: false,
    calculateSentiment: false,
  });
}

async function train(file, folder) {
  const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const chinese = lines.some(({ text }) => IDEOGRAPH.test(text));
  const nlp = makeNlp(chinese);
  for (const { text, intent } of lines) nlp.addDocument(languageOf(text), text, intent);
  const began = process.hrtime.bigint();
  await nlp.train();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  fs.writeFileSync(path.join(folder, MODEL), JSON.stringify({ chinese, model: nlp.export(true) }));
  say({ seconds });
}

async function timed(nlp, text) {
  const began = process.hrtime.bigint();
  const answer = await nlp.process(languageOf(text), text);
  const microseconds = Number(process.hrtime.bigint() - began) / 1000;
  // The ranking, not `intent`: below half certainty that one says "None", which would cost it points.
  const ranked = (answer.classifications || []).slice(0, 3);
  return [ranked.map(({ intent }) => intent), ranked.length ? ranked[0].score : 0, microseconds];
}

async function ask(folder) {
  const before = residentMb();
  const { chinese, model } = JSON.parse(fs.readFileSync(path.join(folder, MODEL), "utf8"));
  const nlp = makeNlp(chinese);
  nlp.import(model);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const texts = JSON.parse(line);
    if (!texts.length) {
      say(residentMb() - before);
      continue;
    }
    const found = [];
    for (const text of texts) found.push(await timed(nlp, text));
    say(found);
  }
}

const [verb, ...places] = process.argv.slice(2);
(verb === "train" ? train : ask)(...places);
