import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { problemText, validateRepository } from '../../src/runbook/index.ts';
import { kinds } from '../../src/steps/index.ts';

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
const indent = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

test('the examples of docs/metrics.md are valid', () => {
  const blocks = [...TEXT.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  const [environment = '', phase = '', watch = ''] = blocks;
  assert.ok(environment.includes('metricSources:') && phase.includes('type: dualRun') && watch.startsWith('watch:'), 'the examples have moved');
  const head = 'apiVersion: slipway/v1\nkind: Runbook\nmetadata: {name: demo}\n';
  const text = `${head}phases:\n${indent(phase, 2)}  - id: cut\n    type: custom\n    environment: production\n${indent(watch, 4)}    steps: [{uses: pause, with: {duration: 1s}}]\n`;
  const parsed = validateRepository([
    { path: 'environment.yaml', text: environment },
    { path: 'runbook.yaml', text },
  ]);
  assert.deepEqual(parsed.problems.map(problemText), []);
});

test('docs/metrics.md knows every kind of question, reason and error', () => {
  const source = (file: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'src', file), 'utf8');
  const codes = [
    'steps/metrics/ask.ts',
    'steps/metrics/check-run.ts',
    'effects/metrics/errors.ts',
    'effects/metrics/web.ts',
    'effects/metrics/metrics.ts',
    'world/metrics.ts',
  ].flatMap((file) => [...source(file).matchAll(/new SlipwayError\(\s*'([A-Z_]+)'/g)].map(([, code = '']) => code));
  assert.ok(codes.length >= 9, String(codes));
  const words = [...source('steps/metrics/samples.ts').matchAll(/^ {2}\w+: '(.+)',$/gm)].map(([, text = '']) => text);
  assert.equal(words.length, 5);
  for (const each of [...codes, ...words, 'metrics.collect', 'check.metric', 'prometheus', 'cloudWatch', 'azureMonitor', 'http', 'command'])
    assert.ok(TEXT.includes(each), each);
  assert.deepEqual(kinds.filter(({ takesSources }) => takesSources).map(({ uses }) => uses), ['check.metric', 'metrics.collect']); // prettier-ignore
});
