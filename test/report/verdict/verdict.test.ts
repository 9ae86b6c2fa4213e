import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, type Metric, type Verdict } from '../../../src/analysis/index.ts';
import { analysesJson, analysesMarkdown, analysesText, verdictMarkdown, verdictPicture, verdictTable, verifyText } from '../../../src/report/index.ts';
import { arm, dualRun, evenly, evidenceOf, slot } from '../../analysis/made.ts';

const metrics: readonly Metric[] = [
  { name: 'latency', kind: 'latency', quantiles: { p50: 0.2, p95: 0.4 } },
  { name: 'errors', kind: 'rate', margin: 0.01 },
  { name: 'orders', kind: 'numeric', direction: 'higher', margin: 0.1, critical: false },
];
const evidence = dualRun({ seed: 3, n: 3_000, slots: 20 });
const verdict = compare(evidence, metrics);
const check = { path: 'dual/@analysis', attempt: 1, ok: true, verdict, evidence, differences: [] };

describe('the table of a verdict', () => {
  test('has a row for every metric, with both sides, bounds, margin, method and verdict', () => {
    const [head = '', ...rows] = verdictTable(verdict);
    assert.match(head, /^metric +old +new +worse by +at most +allowed +n +method +verdict$/);
    assert.match(rows[0] ?? '', /^latency p50 +[\d.]+ ms +[\d.]+ ms +-?[\d.]+% \(.* to .*\) +-?[\d.]+% +20% +3,000 +index bootstrap.* pass$/);
    assert.match(rows[2] ?? '', /^errors +0% +0% +0pp .* 1pp +3,000 +Clopper-Pearson +pass$/);
    assert.match(rows[3] ?? '', /^orders \(not critical\) +– +– +– +– +10% +0 +none +noData$/);
    const notes = rows.slice(4).join('\n');
    assert.match(notes, /non-inferiority\/2, 95% confidence of each bound, seed 7/);
    assert.match(notes, /measured side by side: 100% of the load/);
    assert.match(notes, /decides nothing: Mann-Whitney p [\d.]+, .* \(A12\)/);
  });
  test('as Markdown cannot be left by what came from outside', () => {
    const hostile: Verdict = { ...verdict, metrics: verdict.metrics.map((metric) => ({ ...metric, label: 'a|b`@team <img>' })) };
    const text = verdictMarkdown(hostile);
    assert.ok(!text.includes('<img>') && !text.includes('@team') && !text.includes('a|b'));
    for (const line of text.split('\n').filter((each) => each.startsWith('| '))) assert.equal(line.replaceAll(/\\\|/g, '').match(/\|/g)?.length, 10, line);
  });
});

describe('the picture of a verdict', () => {
  test('is the same for the same verdict, and is well-formed SVG without script or anything from outside', () => {
    const svg = verdictPicture(verdict, evidence);
    assert.equal(verdictPicture(compare(evidence, metrics), evidence), svg);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="900" /);
    assert.doesNotMatch(svg, /<script|<style|href|\bon\w+=|NaN|Infinity|undefined|url\(/);
    assert.equal(svg.match(/<polygon /g)?.length, 2, 'both distributions');
    assert.equal(svg.match(/stroke-dasharray="4 3"/g)?.length, 3, 'the limit of both quantiles, and that of the bars');
    assert.ok(isBalanced(svg));
  });
  test('shows where the limit is, to the right of the old side’s quantile', () => {
    const only = compare(evidence, [{ name: 'latency', kind: 'latency', quantiles: { p50: 0.5 } }]);
    const svg = verdictPicture(only, evidence);
    const at = (pattern: RegExp) => Number(pattern.exec(svg)?.[1]);
    const old = at(/<line x1="([\d.]+)"[^>]*stroke="#3b6fb6"\/>/);
    const limit = at(/<line x1="([\d.]+)"[^>]*stroke="#6b7280" stroke-dasharray="4 3"\/>/);
    assert.ok(limit > old, `${limit} and ${old}`);
  });
  test('escapes what came from outside', () => {
    const hostile: Verdict = {
      ...verdict,
      sentence: '</text><script>alert(1)</script>',
      metrics: verdict.metrics.map((metric) => ({ ...metric, label: '"><b>&' })),
    };
    const svg = verdictPicture(hostile, evidence);
    assert.ok(!svg.includes('<script') && !svg.includes('<b>') && svg.includes('&lt;script&gt;'));
    assert.ok(isBalanced(svg));
  });
  test('of a measurement without answers has no curves, and of any other no holes', () => {
    const dead = evidenceOf(evenly(12, () => slot(arm([]), arm([], { transport: 10 }))));
    assert.doesNotMatch(verdictPicture(compare(dead, metrics), dead), /<polygon|NaN/);
    const odd = evidenceOf(evenly(12, () => slot(arm([5, 5, 5]), arm([5, 5, 5000], { timeout: 5 }))));
    const none: readonly Metric[] = [{ name: 'latency', kind: 'latency', quantiles: { p50: 0 } }];
    assert.doesNotMatch(verdictPicture(compare(odd, none), odd), /NaN|Infinity/);
  });
});

function isBalanced(svg: string): boolean {
  const open: string[] = [];
  for (const [, end, name = '', self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (self === '/') continue;
    if (end === '/') {
      if (open.pop() !== name) return false;
    } else open.push(name);
  }
  return open.length === 0;
}

test('verdicts of a run in words, as Markdown and as data', () => {
  assert.match(analysesText([check]), /^dual\/@analysis: the candidate is no worse than the baseline: .*\n\nmetric /);
  assert.match(analysesMarkdown([check]), /^\*\*dual\/@\u200Banalysis\*\*: the candidate is no worse/);
  const [data] = analysesJson([check]);
  assert.deepEqual(Object.keys(data ?? {}).sort(), ['attempt', 'differences', 'ok', 'path', 'verdict']);
  assert.equal(verifyText([check]), 'dual/@analysis: pass, the same to the last bit by non-inferiority/2\n');
  const bad = { ...check, attempt: 2, ok: false, differences: ['record.seed was 1, and is now 2'] };
  assert.equal(verifyText([bad]), 'dual/@analysis (attempt 2): not what was recorded\n  record.seed was 1, and is now 2\n');
  assert.match(analysesText([{ path: 'p', attempt: 1, ok: false, differences: ['lost'] }]), /^p: no verdict\n\ndiffers: lost\n$/);
});
