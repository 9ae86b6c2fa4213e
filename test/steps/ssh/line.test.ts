import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Edit, edited } from '../../../src/steps/ssh/line/edit.ts';
import { matchEnds } from '../../../src/steps/pattern.ts';
import { sshLine } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { failsWith } from '../context.ts';

const kind = hostKind(sshLine);
const BASE: Edit = { state: 'present', several: 'refuse', insert: 'end' };

describe('editing a line', () => {
  const cases: readonly (readonly [string, string, Partial<Edit>, string])[] = [
    ['adds at the end', 'a\nb\n', { line: 'c' }, 'a\nb\nc\n'],
    ['is content with what is there', 'a\nc\nb\n', { line: 'c' }, 'a\nc\nb\n'],
    ['a part of a line is not the line', 'ac\n', { line: 'c' }, 'ac\nc\n'],
    ['ends an open last line first', 'a\nb', { line: 'c' }, 'a\nb\nc\n'],
    ['keeps an open last line that it replaces open', 'a\nb', { line: 'c', match: '^[bc]$' }, 'a\nc'],
    ['keeps CRLF', 'a\r\nb\r\n', { line: 'c', insert: 'start' }, 'c\r\na\r\nb\r\n'],
    ['makes an empty file one line', '', { line: 'c' }, 'c\n'],
    ['replaces what matches, in place', '#Port 22\nX\n', { line: 'Port 2222', match: '^#?Port ' }, 'Port 2222\nX\n'],
    ['adds when nothing matches', 'X\n', { line: 'Port 22', match: '^#?Port ' }, 'X\nPort 22\n'],
    ['replaces the last of several', '#P 1\nx\nP 2\n', { line: 'P 3', match: '^#?P ', several: 'last' }, '#P 1\nx\nP 3\n'],
    ['replaces the first of several', '#P 1\nx\nP 2\n', { line: 'P 3', match: '^#?P ', several: 'first' }, 'P 3\nx\nP 2\n'],
    ['merges several into one', '#P 1\nx\nP 2\nP 3\n', { line: 'P 3', match: '^#?P ', several: 'merge' }, 'P 3\nx\n'],
    ['inserts after the last that matches', '[a]\n[b]\nz\n', { line: 'n', insert: { after: '^\\[' } }, '[a]\n[b]\nn\nz\n'],
    ['inserts before the first that matches', '[a]\n[b]\nz\n', { line: 'n', insert: { before: '^\\[b' } }, '[a]\nn\n[b]\nz\n'],
    ['removes a line wherever it is', 'a\nb\na\n', { state: 'absent', line: 'a' }, 'b\n'],
    ['removes all that match', 'a1\nb\na2', { state: 'absent', match: '^a' }, 'b\n'],
    ['takes text for text', 'a$&\n', { line: '$1 \\d', match: '^(a|\\$1)' }, '$1 \\d\n'],
  ];
  for (const [name, before, edit, after] of cases) {
    it(name, () => {
      const whole = { ...BASE, ...edit };
      assert.equal(edited(before, whole), after);
      assert.equal(edited(after, whole), after, 'a second time changes nothing');
    });
  }

  it('does not guess', () => {
    assert.throws(() => edited('P 1\nP 2\n', { ...BASE, line: 'P 3', match: '^P' }), failsWith('SSH_LINE', /2 lines match "\^P": 1, 2/));
    assert.throws(() => edited('x\n', { ...BASE, line: 'n', insert: { after: '^y' } }), failsWith('SSH_LINE', /no line matches insert\.after/));
  });

  it('is idempotent for any text, and touches no other line', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'ab', '', 'x\r', 'é'), { maxLength: 8 }).map((lines) => lines.join('\n'));
    const edit = fc.record({
      several: fc.constantFrom('first', 'last', 'merge'),
      insert: fc.constantFrom('start', 'end'),
      line: fc.constantFrom('a', 'b', 'new'),
      match: fc.constantFrom(undefined, '^(a|b|new)$'),
    }) as fc.Arbitrary<Edit>; // constants of the union
    fc.assert(
      fc.property(text, edit, (before, part) => {
        const whole = { ...part, state: 'present' as const };
        const once = edited(before, whole);
        assert.equal(edited(once, whole), once);
        const others = (all: string) =>
          all
            .split('\n')
            .map((line) => line.replace(/\r+$/, ''))
            .filter((line) => line !== '' && !['a', 'b', 'new'].includes(line));
        assert.deepEqual(others(once), others(before));
      }),
      { numRuns: 500 },
    );
  });

  it('an expression that never ends is stopped', () => {
    assert.throws(() => matchEnds('^(a+)+$', [`${'a'.repeat(60)}b`]), failsWith('PATTERN_SLOW'));
  });
});

describe('ssh.line', () => {
  it('changes a file once, shows how before, and keeps mode and backup', async () => {
    await using box = await rehearse({ web: { files: { '/etc/sshd': '#Port 22\nX yes\n' } } });
    await box.exec('web', 'chmod 600 /etc/sshd');
    const wanted = { path: '/etc/sshd', line: 'Port 2222', match: '^#?Port ', backup: true };
    assert.equal((await kind.preview(wanted, box.preview(['web'])))[0]?.detail, 'private content: 1 lines go, 1 lines come');
    const { status, outputs } = await kind.executeHost(wanted, box.context('web'));
    assert.equal(status, 'changed');
    assert.equal((await box.exec('web', `cat /etc/sshd ${sshLine.outputs.parse(outputs).backup}`)).stdout, 'Port 2222\nX yes\n#Port 22\nX yes\n');
    assert.equal((await box.ssh.read(box.host('web'), '/etc/sshd', 10, box.control))?.mode, 0o600);
    assert.equal((await kind.executeHost(wanted, box.context('web'))).status, 'ok');
  });

  it('makes no file unless it is told to, and is content without one when the line shall go', async () => {
    await using box = await rehearse({ web: {} });
    await assert.rejects(kind.executeHost({ path: '/etc/new', line: 'a' }, box.context('web')), failsWith('SSH_FILE', /no such file/));
    assert.equal((await kind.executeHost({ path: '/etc/new', line: 'a', state: 'absent' }, box.context('web'))).status, 'ok');
    assert.equal((await kind.executeHost({ path: '/etc/deep/new', line: 'a', create: true, mode: '0600' }, box.context('web'))).status, 'changed');
    assert.equal((await box.exec('web', 'cat /etc/deep/new')).stdout, 'a\n');
  });

  it('refuses what would add a line with every run, and shapes that make no sense', () => {
    const bad = [
      { path: '/x' },
      { path: '/x', line: 'a\nb' },
      { path: '/x', line: 'a', match: '(' },
      { path: '/x', line: 'Port 22', match: '^#Port' },
      { path: '/x', state: 'absent' },
      { path: '/x', state: 'absent', line: 'a', match: 'a' },
      { path: '/x', line: 'a', insert: { after: 'a', before: 'b' } },
      { path: '/x', line: 'a', validate: ['visudo'] },
    ];
    for (const raw of bad) assert.equal(kind.accepts(raw), false, JSON.stringify(raw));
  });
});
