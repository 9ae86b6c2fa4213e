import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildInventory } from '../../src/inventory/index.ts';
import { type LoadedRunbook, parseFile, parseRunbook, problemText, validateRepository } from '../../src/runbook/index.ts';
import { fakeKinds, runbookOf } from './fakes.ts';

function load(text: string): LoadedRunbook {
  const parsed = parseRunbook(text, 'demo.yaml', fakeKinds);
  assert.ok(parsed.ok, parsed.problems.map(problemText).join('\n'));
  return parsed.value;
}

describe('a loaded runbook', () => {
  it('has ids, uses and folded settings everywhere', () => {
    const { runbook } = load(
      runbookOf(
        '{run: ls, hosts: web, env: {A: "1"}, rescue: [{run: fix, hosts: web}, {id: named, uses: pause, with: {duration: 5m}}]}',
        '{id: which, uses: switch, with: {value: "x"}, cases: {x: [{uses: pause, with: {duration: 1s}}], "y.z": [{id: ssh-run-3, run: ls, hosts: web}]}, default: [{run: ls, hosts: web}]}',
      ),
    );
    const [first, second] = runbook.phases[0]?.steps ?? [];
    assert.deepEqual([first?.id, first?.uses, first?.with], ['ssh-run-1', 'ssh.run', { cmd: 'ls', env: { A: '1' } }]);
    assert.deepEqual(
      first?.rescue?.map(({ id, uses }) => [id, uses]),
      [
        ['ssh-run-2', 'ssh.run'],
        ['named', 'pause'],
      ],
    );
    assert.equal(first && 'run' in first, false);
    assert.equal(second?.cases?.['x']?.[0]?.id, 'pause-1');
    assert.deepEqual(second?.cases?.['y.z']?.[0]?.sourcePath, 'phases[0].steps[1].cases["y.z"][0]');
    // `ssh-run-3` was taken by a person, so the counter goes past it.
    assert.equal(second?.default?.[0]?.id, 'ssh-run-4');
  });

  it('keeps durations and expressions of settings as text, and transforms keys of steps', () => {
    const { runbook, source } = load(runbookOf('{id: a, uses: pause, with: {duration: 10m}, timeout: 1h}'));
    const step = runbook.phases[0]?.steps[0];
    assert.deepEqual(step?.with, { duration: '10m' });
    assert.equal(step?.timeout, 3_600_000);
    assert.equal((source['metadata'] as { name: string }).name, 'demo');
  });

  it('knows where everything is written', () => {
    const text = runbookOf('{id: a, uses: pause, with: {duration: 10m}}');
    const { at } = load(text);
    const place = (before: string, value: string) => {
      const lines = text.slice(0, text.indexOf(before + value) + before.length).split('\n');
      return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
    };
    assert.deepEqual(at('phases[0].steps[0].with.duration'), place('duration: ', '10m'));
    assert.deepEqual(at('phases[0].type'), place('type: ', 'custom'));
    assert.deepEqual(at('phases[0].nothing.deeper'), at('phases[0]'));
  });

  it('resolves anchors, aliases and merge keys; own keys win', () => {
    const { runbook } = load(
      runbookOf(
        '{id: a, uses: pulumi.up, with: &w {stack: a/b, parallel: 2}}',
        '{id: b, uses: pulumi.up, with: {<<: *w, stack: c/d}}',
        '{id: c, uses: pulumi.up, with: *w}',
      ),
    );
    assert.deepEqual(
      runbook.phases[0]?.steps.map((step) => step.with),
      [
        { parallel: 2, stack: 'a/b' },
        { parallel: 2, stack: 'c/d' },
        { parallel: 2, stack: 'a/b' },
      ],
    );
  });

  it('has the digest of the text', () => {
    assert.match(load(runbookOf('{run: ls, hosts: web}')).digest, /^sha256:[0-9a-f]{64}$/);
    assert.notEqual(load(runbookOf('{run: ls, hosts: web}')).digest, load(runbookOf('{run: ls, hosts:  web}')).digest);
  });
});

describe('expressions that are right', () => {
  const good: readonly (readonly string[])[] = [
    [
      '{id: a, uses: pulumi.up, with: {stack: "x/${{ inputs.size }}"}}',
      '{id: b, uses: pulumi.up, with: {stack: "x/${{ steps.a.outputs.outputs.name }}", parallel: "${{ steps.a.outputs.changes }}"}}',
    ],
    ['{id: a, uses: pulumi.up, with: {stack: x/y}}', '{id: b, uses: pulumi.up, needs: [a], with: {stack: x/z, token: "${{ steps.a.outputs.password }}"}}'],
    ['{id: a, run: \'echo "$T"\', hosts: web, env: {T: "Bearer ${{ inputs.token }}"}, become: {user: root, password: "${{ inputs.token }}"}}'],
    [
      '{id: a, uses: pulumi.up, foreach: "${{ inputs.list }}", with: {stack: "x/${{ item }}"}}',
      '{id: b, uses: pulumi.up, with: {stack: "${{ join(steps.a.items[*].state) }}"}}',
    ],
    ['{id: a, run: ls, hosts: "${{ inputs.size }}", changedWhen: "${{ result.stdout == \'\' }}", failedWhen: "${{ contains(result.stdout, host.name) }}"}'],
    [
      '{id: a, uses: pulumi.up, with: {stack: "x/${{ environment.vars.name }}-${{ runbook.name }}-${{ run.id }}"}, if: "${{ environment.production && inputs.size in [\'m\', \'l\'] }}"}',
    ],
    [
      '{id: a, uses: switch, with: {value: "${{ inputs.size }}"}, cases: {m: [{id: m, uses: pulumi.up, with: {stack: a/m}}]}}',
      '{id: b, uses: pulumi.up, with: {stack: "x/${{ steps.m.outputs.outputs.name ?? steps.a.outputs.branch }}"}}',
    ],
    [
      '{id: a, uses: pulumi.up, with: {stack: x/y}, rescue: [{id: r, uses: pulumi.up, with: {stack: "${{ steps.a.state }}"}}], finally: [{uses: pulumi.up, with: {stack: "${{ steps.r.state }}"}}]}',
    ],
    ['{id: a, uses: pulumi.up, with: {stack: "$${{ not one }}"}}'],
  ];
  for (const steps of good) {
    it(steps.join(' '), () => void load(runbookOf(...steps)));
  }
});

describe('files', () => {
  const bad = (content: string | Uint8Array) => parseFile(content, 'x.yaml', fakeKinds).problems.map(({ code }) => code);

  it('that are not UTF-8, too large, or hold control characters are refused', () => {
    assert.deepEqual(bad(Uint8Array.from([0x61, 0x3a, 0xff, 0xfe])), ['NOT_UTF8']);
    assert.deepEqual(bad('name: \uFFFD'), ['NOT_UTF8']);
    assert.deepEqual(bad(`a: ${'x'.repeat(1024 * 1024)}`), ['FILE_TOO_LARGE']);
    assert.deepEqual(bad('a: \u0007'), ['CONTROL_CHARACTER']);
    assert.deepEqual(bad(''), ['EMPTY_FILE']);
    assert.deepEqual(bad('---\n---\n'), ['EMPTY_FILE']);
  });

  it('a byte order mark and a trailing separator are no mistakes', () => {
    assert.ok(parseFile(`\uFEFF${runbookOf('{run: ls, hosts: web}')}---\n`, 'x.yaml', fakeKinds).ok);
    assert.ok(parseFile(Buffer.from(`\uFEFF${runbookOf('{run: ls, hosts: web}')}`), 'x.yaml', fakeKinds).ok);
  });

  it('nested without end are refused, not crashed on', () => {
    for (const text of ['['.repeat(100_000), '{a: '.repeat(50_000), '- '.repeat(50_000), `${'a:\n '.repeat(2_000)}b`]) assert.notEqual(bad(text).length, 0);
  });

  it('with several documents give them all; parseRunbook wants exactly one', () => {
    const two = `${runbookOf('{run: ls, hosts: web}')}---\n${runbookOf('{run: ls, hosts: web}').replace('name: demo', 'name: other')}`;
    const parsed = parseFile(two, 'x.yaml', fakeKinds);
    assert.deepEqual(parsed.ok && parsed.value.map(({ name }) => name), ['demo', 'other']);
    assert.deepEqual(
      parseRunbook(two, 'x.yaml', fakeKinds).problems.map(({ code }) => code),
      ['NOT_A_RUNBOOK'],
    );
  });

  it('a member called __proto__ is refused', () => assert.ok(bad(`${runbookOf('{run: ls, hosts: web}')}__proto__: {a: 1}\n`).includes('RESERVED_KEY')));
});

describe('the repository', () => {
  it('the runbooks that ship are valid', () => {
    const top = join(import.meta.dirname, '../../runbooks');
    const names = readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
    const parsed = validateRepository(names.map((name) => ({ path: `runbooks/${name}`, text: readFileSync(join(top, name)) })));
    assert.ok(parsed.ok, parsed.problems.map(problemText).join('\n'));
    assert.ok(parsed.value.runbooks.has('erp-to-cloud'));
    const inventory = buildInventory([...parsed.value.inventories.values()]);
    assert.ok(inventory.ok, inventory.problems.map(problemText).join('\n'));
  });

  it('a thousand runbooks take seconds at most', () => {
    const files = Array.from({ length: 1_000 }, (_, index) => ({
      path: `${index}.yaml`,
      text: `${runbookOf(
        '{id: a, uses: pulumi.up, with: {stack: "x/${{ inputs.size }}"}}',
        '{id: b, run: ls, hosts: web, env: {A: "${{ steps.a.outputs.changes }}"}}',
        '{uses: pause, with: {duration: 1s}}',
      )
        .replace('name: demo', `name: demo-${index}`)
        .replace('    environment: prod\n', '')}`,
    }));
    const started = performance.now();
    const parsed = validateRepository(files, fakeKinds);
    assert.equal(parsed.ok && parsed.value.runbooks.size, 1_000);
    assert.ok(performance.now() - started < 8_000, 'an order of magnitude above what it takes');
  });

  it('orders problems by file and line, and reports names across files', () => {
    const parsed = validateRepository(
      [
        { path: 'b.yaml', text: runbookOf('{id: a, uses: puase, with: {duration: 1s}}') },
        { path: 'a.yaml', text: runbookOf('{run: ls, hosts: web}') },
      ],
      fakeKinds,
    );
    assert.deepEqual(
      parsed.problems.map(({ file, code }) => `${file} ${code}`),
      ['a.yaml DUPLICATE_NAME', 'a.yaml UNKNOWN_ENVIRONMENT', 'b.yaml UNKNOWN_ENVIRONMENT', 'b.yaml UNKNOWN_KIND'],
    );
  });
});
