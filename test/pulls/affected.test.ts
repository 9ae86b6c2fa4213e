import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { affectedBy, createSnapshots } from '../../src/app/pulls/affected/index.ts';
import { memoryMirror } from './memory-mirror.ts';
import { type Files, openPlayed } from './repository.ts';

const runbook = (name: string, steps: string, more = '', environment = 'lab'): string => `apiVersion: slipway/v1
kind: Runbook
metadata: { name: ${name}, owner: team-web }
inputs: { stage: { type: string, default: dev } }
${more}
phases:
  - { id: work, type: custom, environment: ${environment}, steps: [${steps}] }
`;
const up = (stack: string): string => `{ id: up, uses: pulumi.up, with: { stack: '${stack}' } }`;

const ESTATE = `apiVersion: slipway/v1
kind: Environment
metadata: { name: lab }
vars: { size: 1 }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: prod }
window: { allow: nights }
---
apiVersion: slipway/v1
kind: Calendar
metadata: { name: nights }
timeZone: UTC
windows: [{ kind: allow, schedule: '0 22 * * *', duration: 4h }]
---
apiVersion: slipway/v1
kind: Wave
metadata: { name: first }
runbook: plain
---
apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles: { viewer: { actions: ['*.read'] } }
`;
const INVENTORY = `apiVersion: slipway/v1
kind: Inventory
metadata: { name: racks }
defaults: { user: deploy, knownHosts: [keys/known_hosts] }
hosts:
  web1: { address: 10.0.0.1, jump: gate }
  db1: { address: 10.0.0.2 }
  gate: { address: 10.0.0.9 }
groups: { web: { hosts: [web1] }, db: { hosts: [db1] } }
`;
const FILES: Files = {
  'runbooks/estate.yaml': ESTATE,
  'runbooks/racks.yaml': INVENTORY,
  'runbooks/plain.yaml': runbook('plain', `{ id: hi, uses: notify, with: { channel: log, title: hi, text: hi } }`),
  'runbooks/network.yaml': runbook('network', up('net/${{ inputs.stage }}')),
  'runbooks/site.yaml': runbook('site', up('site/prod'), '', 'prod'),
  'runbooks/any.yaml': runbook('any', up('${{ inputs.stage }}/x')),
  'runbooks/web.yaml': runbook('web', `{ id: c, uses: ssh.copy, hosts: web, with: { src: files/web/conf, dest: /etc/conf } }`),
  'runbooks/db.yaml': runbook('db', `{ id: c, uses: ssh.copy, hosts: db, with: { src: 'files/\${{ inputs.stage }}/conf', dest: /etc/conf } }`),
  'runbooks/taker.yaml': runbook('taker', `{ id: c, uses: ssh.copy, hosts: db, with: { src: '\${{ inputs.stage }}', dest: /etc/conf } }`),
  'runbooks/caller.yaml': runbook('caller', `{ id: call, uses: runbook.call, with: { runbook: web } }`),
  'runbooks/outer.yaml': runbook('outer', `{ id: call, uses: runbook.call, with: { runbook: caller } }`),
  'runbooks/watch.yaml': runbook('watch', `{ id: p, uses: pause, with: { duration: 1s } }`, `triggers: [{ pullRequest: { paths: ['docs/**/*.md'] } }]`),
  'stacks/net/index.ts': `import { tags } from '../shared/tags.js';\nexport async function program() { return { tags }; }\n`,
  'stacks/shared/tags.ts': `export { tags } from '../../lib/tags.ts';\n`,
  'stacks/site/index.ts': `import { readFileSync } from 'node:fs';\nconst page = new URL('../../files/page.html', import.meta.url);\nexport async function program() { return { page: readFileSync(page) }; }\n`,
  'lib/tags.ts': `export const tags = {};\n`,
  'lib/other.ts': `export const other = 1;\n`,
  'files/page.html': 'page',
  'files/web/conf': 'conf',
  'files/dev/conf': 'conf',
  'keys/known_hosts': '',
  'policies/own.rego': 'package slipway.own\n',
  'docs/a/b.md': 'words',
  'README.md': 'words',
};
/** What a change affects: names with kinds of reasons. */
const CASES: readonly (readonly [what: string, change: Files, affected: Readonly<Record<string, string>>])[] = [
  ['nothing that anybody names', { 'policies.md': 'other', 'lib/other.ts': 'other' }, { taker: 'file' }],
  ['the file of a runbook, even a comment', { 'runbooks/plain.yaml': `# why\n${FILES['runbooks/plain.yaml']}` }, { plain: 'runbook' }],
  ['a program', { 'stacks/net/index.ts': 'export {};' }, { network: 'stack', any: 'stack' }],
  ['code that a program imports over two steps', { 'lib/tags.ts': 'export const tags = 1;' }, { network: 'stack', any: 'stack', taker: 'file' }],
  ['a file that a program reads', { 'files/page.html': 'new' }, { site: 'stack', any: 'stack', db: 'file', taker: 'file' }],
  ['what all programs are built with', { 'package.json': '{}' }, { network: 'stack', site: 'stack', any: 'stack', taker: 'file' }],
  ['a file that a step copies', { 'files/web/conf': 'new' }, { web: 'file', db: 'file', taker: 'file', caller: 'call', outer: 'call' }],
  ['a file whose name begins as a step says', { 'files/new/conf': 'new' }, { db: 'file', taker: 'file' }],
  ['one host', { 'runbooks/racks.yaml': INVENTORY.replace('10.0.0.2', '10.0.0.3') }, { db: 'hosts', taker: 'hosts' }],
  ['a host on the way to another', { 'runbooks/racks.yaml': INVENTORY.replace('10.0.0.9', '10.0.0.8') }, { web: 'hosts', caller: 'call', outer: 'call' }],
  ['keys of hosts', { 'keys/known_hosts': 'x' }, { web: 'hosts', db: 'hosts', taker: 'file hosts', caller: 'call', outer: 'call' }],
  ['words around an inventory', { 'runbooks/racks.yaml': `# racks\n${INVENTORY}` }, {}],
  ['an environment', { 'runbooks/estate.yaml': ESTATE.replace('allow: nights', 'allow: nights, onOverrun: pause') }, { site: 'environment' }],
  ['a calendar of an environment', { 'runbooks/estate.yaml': ESTATE.replace('4h', '5h') }, { site: 'calendar' }],
  ['a wave', { 'runbooks/estate.yaml': ESTATE.replace('runbook: plain', 'runbook: plain\norder: 2') }, { plain: 'wave' }],
  ['a path that a runbook watches', { 'docs/x.md': 'new' }, { watch: 'paths', taker: 'file' }],
  ['a runbook that goes', { 'runbooks/watch.yaml': undefined }, { watch: 'runbook' }],
  ['a runbook with a mistake', { 'runbooks/site.yaml': `${FILES['runbooks/site.yaml']}\nnonsense: 1\n` }, { site: 'runbook' }],
];

const { mirror, commit, reads } = memoryMirror();
const base = commit(FILES);
const snapshots = createSnapshots(mirror);
const affected = async (before: string, after: string) => affectedBy(await snapshots.open(before), await snapshots.open(after));
const names = (found: ReturnType<typeof affectedBy>): readonly string[] => found.map((each) => each.runbook);

test('the repository that is played has no mistakes', async () => assert.deepEqual((await snapshots.open(base)).parsed.problems, []));

suite('runbooks that a change affects', () => {
  for (const [what, change, expected] of CASES)
    test(what, async () => {
      const found = await affected(base, commit(change, base));
      const told = Object.fromEntries(found.map(({ runbook: name, reasons }) => [name, [...new Set(reasons.map(({ kind }) => kind))].sort().join(' ')]));
      assert.deepEqual(new Map(Object.entries(told)), new Map(Object.entries(expected)));
    });
});

test('policies and access files concern every runbook', async () => {
  for (const change of [{ 'policies/own.rego': 'package slipway.own2\n' }, { 'runbooks/estate.yaml': ESTATE.replace('*.read', 'run.read') }]) {
    const found = await affected(base, commit(change, base));
    assert.equal(found.length, 10);
    assert.ok(found.every(({ reasons }) => reasons.every(({ kind }) => kind === 'policies' || kind === 'access')));
  }
});

test('a program whose imports nobody can follow counts with all of stacks/, and so does one in another language', async () => {
  for (const file of [
    { 'stacks/net/index.ts': 'export async function program() { return import(process.argv[2] ?? ""); }' },
    { 'stacks/net/index.ts': 'export async function program() { return import(`../${process.argv[2]}.ts`); }' },
    { 'stacks/net/__main__.py': 'import shared' },
  ]) {
    const before = commit(file, base);
    assert.deepEqual(names(await affected(before, commit({ 'stacks/elsewhere/x.ts': 'export {};' }, before))), ['any', 'network']);
  }
});

test('a file that a program names and that is not there yet counts once it comes', async () => {
  const before = commit({ 'stacks/net/index.ts': "import '../../later/module.ts';" }, base);
  assert.deepEqual(names(await affected(before, commit({ 'later/module.ts': 'export {};' }, before))), ['any', 'network', 'taker']);
});

test('links are followed: a runbook that is a link, and a program that holds one', async () => {
  const linked = { 'runbooks/linked.yaml': '->../templates/linked.yaml', 'templates/linked.yaml': runbook('linked', up('net/x')) };
  const before = commit(
    { ...linked, 'stacks/net/page': '->../../files/page.html', 'runbooks/round.yaml': '->round.yaml', 'runbooks/out.yaml': '->../../x.yaml' },
    base,
  );
  const first = await snapshots.open(before);
  assert.ok(first.documents.some(({ name }) => name === 'linked'));
  assert.deepEqual(first.parsed.problems, []);
  assert.ok(names(await affected(before, commit({ 'files/page.html': 'new' }, before))).includes('linked'));
  assert.ok(names(await affected(before, commit({ 'templates/linked.yaml': runbook('linked', up('net/y')) }, before))).includes('linked'));
});

test('the same text is read once, whatever commit it is in', async () => {
  await snapshots.open(base);
  reads.length = 0;
  await snapshots.open(commit({ 'runbooks/plain.yaml': runbook('plain', up('net/z')) }, base));
  assert.equal(reads.length, 1);
});

test('whatever was read before, in whatever order, says the same as a first reading', async () => {
  const commits = CASES.map(([, change]) => commit(change, base));
  for (const [index, sha] of commits.entries()) {
    const other = commits[(index * 7 + 3) % commits.length] ?? base;
    for (const before of [base, other]) {
      const fresh = createSnapshots(mirror);
      const first = affectedBy(await fresh.open(before), await fresh.open(sha));
      assert.deepEqual(await affected(before, sha), first);
      assert.deepEqual((await snapshots.open(sha)).parsed.problems, (await fresh.open(sha)).parsed.problems);
    }
  }
});

test('many files are taken out of the mirror at once, links included', async () => {
  await using played = await openPlayed();
  const many = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`runbooks/many/${index}.yaml`, runbook(`many${index}`, up('net/x'))]));
  const sha = await played.commit({
    ...FILES,
    ...many,
    'runbooks/linked.yaml': '->../templates/linked.yaml',
    'templates/linked.yaml': runbook('linked', up('net/x')),
  });
  const { documents, parsed } = await createSnapshots(played.mirror).open(sha);
  assert.deepEqual(parsed.problems, []);
  assert.equal(documents.filter(({ kind }) => kind === 'Runbook').length, 10 + 45 + 1);
});
