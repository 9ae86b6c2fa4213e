import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { problemText, validateRepository } from '../../../src/runbook/index.ts';
import { kinds } from '../../../src/steps/index.ts';

const doc = readFileSync('docs/ssh.md', 'utf8');
const sections = doc.slice(doc.indexOf('\n## Steps'), doc.indexOf('\n## Rehearsed machines')).split('\n### ').slice(1);
const yamlIn = (text: string): readonly string[] => [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, block = '']) => block);
const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

const RUNBOOK = `apiVersion: slipway/v1
kind: Runbook
metadata: {name: examples, owner: team}
inputs: {enablePassword: {type: string, secret: true}}
phases:
  - id: all
    type: custom
    steps:
`;
const INVENTORY = `apiVersion: slipway/v1
kind: Inventory
metadata: {name: estate}
hosts: {web1: {}}
groups: {web: {hosts: [web1]}}
`;

test('every kind on hosts has a section with an example, and all examples together are a valid runbook', () => {
  const examples = sections.flatMap(yamlIn);
  const used = new Set(examples.flatMap((block) => [...block.matchAll(/uses: ([a-z.]+)/g)].map(([, uses]) => uses)));
  const wanted = kinds.map(({ uses }) => uses).filter((uses) => uses.startsWith('ssh.') && uses !== 'ssh.run');
  assert.deepEqual(
    wanted.filter((uses) => !used.has(uses)),
    [],
  );
  for (const uses of wanted)
    assert.ok(
      sections.some((section) => section.split('\n')[0]?.includes(uses)),
      uses,
    );
  const parsed = validateRepository([
    { path: 'examples.yaml', text: RUNBOOK + examples.map((block) => indented(block, 6)).join('') },
    { path: 'estate.yaml', text: INVENTORY },
  ]);
  assert.deepEqual(parsed.problems.map(problemText), []);
});

test('examples of the inventory are valid', () => {
  const before = doc.slice(0, doc.indexOf('\n## Steps'));
  const blocks = yamlIn(before).filter((block) => block.startsWith('hosts:'));
  assert.ok(blocks.length >= 2);
  for (const [index, block] of blocks.entries()) {
    const parsed = validateRepository([{ path: `${index}.yaml`, text: `apiVersion: slipway/v1\nkind: Inventory\nmetadata: {name: estate}\n${block}` }]);
    assert.deepEqual(parsed.problems.map(problemText), []);
  }
});

test('codes of errors that the document names are codes of the source', () => {
  const source = ['src/steps/ssh', 'src/effects/ssh', 'src/engine/local'];
  assert.ok(source.length > 0);
  const named = [...new Set([...doc.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code))].filter((code) => !['LC_ALL'].includes(code));
  assert.ok(named.length > 15);
  const text = readAll(source);
  for (const code of named) assert.ok(text.includes(`'${code}'`), code);
});

function readAll(folders: readonly string[]): string {
  const { readdirSync } = process.getBuiltinModule('node:fs');
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => (name.endsWith('.ts') ? [readFileSync(`${folder}/${name}`, 'utf8')] : [])),
    )
    .join('\n');
}
