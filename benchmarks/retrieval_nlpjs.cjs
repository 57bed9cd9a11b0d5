// nlp.js for retrieval.py: node retrieval_nlpjs.cjs train|ask JOB.json
//
// One NlpManager with all languages, which has a classifier per language; intents are articles, texts of no article are nlp.js's own
// intent None. Settings are the package's defaults, but for its log and its automatic saving.
"use strict";

const fs = require("fs");
const path = require("path");

const WARM_UP = 10;
const LOCALES = { bs: "sr" }; // nlp.js stems Serbian, which is Bosnian and Croatian too

const job = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const { NlpManager } = require(path.join(job.modules, "node-nlp"));
const locale = (language) => LOCALES[language] || language;

function manager() {
  const languages = [...new Set(job.texts.map((item) => locale(item.language)))];
  return new NlpManager({ languages, autoSave: false, nlu: { log: false } });
}

async function train() {
  const nlp = manager();
  for (const item of job.texts) {
    if (item.kind !== "answer") nlp.addDocument(locale(item.language), item.text, item.article.includes("/") ? "None" : item.article);
  }
  await nlp.train();
  nlp.save(job.model + ".new");
  fs.renameSync(job.model + ".new", job.model);
}

async function ask() {
  const nlp = manager();
  nlp.load(job.model);
  const best = async (question) => {
    const { classifications } = await nlp.process(locale(question.language), question.text);
    const article = classifications.find((row) => row.intent !== "None");
    return { article: article ? article.intent : null, confidence: article ? article.score : 0, outside: classifications[0].intent === "None" };
  };
  for (const question of job.questions.slice(0, WARM_UP)) await best(question);
  const answers = [];
  for (const question of job.questions) {
    const began = process.hrtime.bigint();
    const found = await best(question);
    answers.push({ ...found, ms: Number(process.hrtime.bigint() - began) / 1e6 });
  }
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  fs.writeFileSync(job.out, JSON.stringify({ answers, peak_mb: peak }));
}

(process.argv[2] === "train" ? train() : ask()).catch((error) => {
  console.error(error);
  process.exit(1);
});
