import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { after, test } from 'node:test';
import { channelKey, type Config, loadConfig, type Surroundings } from '../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-config-'));
mkdirSync(join(folder, 'repo', '.git'), { recursive: true });
mkdirSync(join(folder, 'repo', 'runbooks'));
after(() => rmSync(folder, { recursive: true }));

const around: Surroundings = {
  stdoutIsTerminal: true,
  stderrIsTerminal: true,
  columns: 120,
  rows: 40,
  homeDir: '/home/ada',
  osUser: 'ada',
  gitUser: () => undefined,
};

function load(env: Record<string, string>, changes: Partial<Surroundings> = {}): Config {
  const parsed = loadConfig(env, join(folder, 'repo', 'runbooks'), { ...around, ...changes });
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return parsed.value;
}

test('an empty environment gives settings that need nothing else', () => {
  const config = load({});
  assert.equal(config.root, join(folder, 'repo'));
  assert.equal(config.stateDir, join(folder, 'repo', '.slipway'));
  assert.equal(config.cacheDir, '/home/ada/.cache/slipway');
  assert.equal(config.policyDir, join(folder, 'repo', 'policies'));
  assert.equal(config.actor, 'user:ada');
  assert.deepEqual(config.teams, []);
  assert.equal(config.pulumi.backend, `file://${join(folder, 'repo', '.slipway', 'pulumi')}`);
  assert.equal(config.pulumi.passphrase, undefined);
  assert.deepEqual(config.terminal, { colour: { stdout: true, stderr: true }, redraw: true, columns: 120, rows: 40 });
});

test('variables win over defaults, and relative folders count from the current one', () => {
  const config = load({
    SLIPWAY_HOME: '../state',
    XDG_CACHE_HOME: '/var/cache',
    SLIPWAY_POLICIES: '/etc/policies',
    SLIPWAY_ACTOR: 'schedule:nightly',
    SLIPWAY_TEAMS: 'erp-leads, team:cab,erp-leads,',
  });
  assert.equal(config.stateDir, join(folder, 'repo', 'state'));
  assert.equal(config.cacheDir, '/var/cache/slipway');
  assert.equal(config.policyDir, '/etc/policies');
  assert.equal(config.actor, 'schedule:nightly');
  assert.deepEqual(config.teams, ['erp-leads', 'cab']);
});

test('the actor is the git user before the user of the operating system', () => {
  assert.equal(load({}, { gitUser: () => 'grace@example.org' }).actor, 'user:grace@example.org');
  assert.equal(load({ SLIPWAY_ACTOR: 'linus' }, { gitUser: () => 'grace@example.org' }).actor, 'user:linus');
});

test('colour needs a terminal, and NO_COLOR turns it off even where it is forced', () => {
  assert.deepEqual(load({}, { stdoutIsTerminal: false }).terminal.colour, { stdout: false, stderr: true });
  assert.deepEqual(load({ NO_COLOR: '1' }).terminal.colour, { stdout: false, stderr: false });
  assert.deepEqual(load({ NO_COLOR: '', TERM: 'xterm' }).terminal.colour, { stdout: true, stderr: true });
  assert.deepEqual(load({ FORCE_COLOR: '1' }, { stdoutIsTerminal: false }).terminal.colour.stdout, true);
  assert.deepEqual(load({ FORCE_COLOR: '1', NO_COLOR: '1' }).terminal.colour, { stdout: false, stderr: false });
  assert.equal(load({ CI: 'true' }).terminal.redraw, false);
  assert.equal(load({ TERM: 'dumb' }).terminal.redraw, false);
  assert.equal(load({}, { columns: 0 }).terminal.columns, 80);
  assert.equal(load({}, { rows: 1 }).terminal.rows, 24);
});

test('every bad value is a problem of its own, named by its variable', () => {
  const parsed = loadConfig(
    {
      SLIPWAY_ACTOR: 'user:a b',
      SLIPWAY_TEAMS: 'ok,no way',
      PULUMI_BACKEND_URL: 'ftp://x',
      SLIPWAY_NOTIFY_CAB: 'secret-token-in-the-wrong-place',
      PULUMI_CONFIG_PASSPHRASE_FILE: '/does/not/exist',
    },
    folder,
    around,
  );
  assert.equal(parsed.ok, false);
  assert.deepEqual(
    parsed.problems.map((problem) => problem.path),
    ['SLIPWAY_ACTOR', 'SLIPWAY_TEAMS', 'PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'SLIPWAY_NOTIFY_CAB'],
  );
  for (const problem of parsed.problems) {
    assert.equal(problem.severity, 'error');
    assert.ok(problem.hint, `${problem.path} has no hint`);
  }
  assert.doesNotMatch(JSON.stringify(parsed.problems), /secret-token/);
});

test('nothing that prints the settings prints a secret', () => {
  writeFileSync(join(folder, 'passphrase'), 'from-a-file-9431\n');
  const config = load({
    PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, 'passphrase'),
    PULUMI_ACCESS_TOKEN: 'pul-9431',
    AWS_SECRET_ACCESS_KEY: 'aws-9431',
    SLIPWAY_NOTIFY_CHANGE_BOARD: 'https://chat.example/hooks/9431',
    DB_PASSWORD: 'database-9431',
  });
  assert.equal(config.pulumi.passphrase?.reveal(), 'from-a-file-9431');
  assert.equal(config.notify[channelKey('#change-board')]?.reveal(), 'https://chat.example/hooks/9431');
  assert.equal(config.secretNamed('DB_PASSWORD')?.reveal(), 'database-9431');
  assert.equal(config.secretNamed('DB_PASSWORD; rm'), undefined);
  assert.equal(config.secretNamed('MISSING'), undefined);
  assert.doesNotMatch(JSON.stringify(config) + inspect(config, { depth: 9 }), /9431/);
});

test('children get what they need and nothing else', () => {
  const { children } = load({
    PATH: '/bin',
    HOME: '/home/ada',
    HTTPS_PROXY: 'http://proxy',
    AWS_REGION: 'eu-west-1',
    ARM_CLIENT_ID: 'x',
    SLIPWAY_ACTOR: 'ada',
    GITHUB_TOKEN: 'no',
  });
  assert.deepEqual(children.base, { PATH: '/bin', HOME: '/home/ada', HTTPS_PROXY: 'http://proxy' });
  assert.deepEqual(Object.keys(children.clouds), ['AWS_REGION', 'ARM_CLIENT_ID']);
});

test('the journal is a file unless the address of a PostgreSQL is set; its password is a secret', () => {
  assert.deepEqual(load({}).journal, { store: 'sqlite' });
  assert.deepEqual(load({ SLIPWAY_JOURNAL: 'sqlite' }).journal, { store: 'sqlite' });
  const { journal } = load({ SLIPWAY_JOURNAL: 'postgres://slip:p%40ss-9431@db.example:6432/way?schema=ours' });
  assert.ok(journal.store === 'postgres');
  const { password, ...rest } = journal;
  assert.equal(password?.reveal(), 'p@ss-9431');
  assert.deepEqual(rest, {
    ...{ store: 'postgres', host: 'db.example', port: 6432, database: 'way', user: 'slip', schema: 'ours', shown: 'postgres://slip@db.example:6432/way' },
    tls: { mode: 'full' },
  });
  assert.doesNotMatch(JSON.stringify(journal) + inspect(journal, { depth: 9 }), /9431/);
});

test('the way to a PostgreSQL: what the address leaves out, sockets, certificates', () => {
  const of = (address: string, env: Record<string, string> = {}) => {
    const { journal } = load({ SLIPWAY_JOURNAL: address, ...env });
    assert.ok(journal.store === 'postgres');
    return journal;
  };
  assert.deepEqual([of('postgresql://localhost/way').user, of('postgresql://localhost/way').tls], ['ada', { mode: 'off' }]);
  assert.equal(of('postgres://x@[::1]/way').tls.mode, 'off');
  assert.equal(of('postgres:///way?host=/var/run/postgresql').host, '/var/run/postgresql');
  assert.equal(of('postgres://db/way', { PGPASSWORD: 'from-psql' }).password?.reveal(), 'from-psql');
  writeFileSync(join(folder, 'ca.pem'), 'CERTIFICATE');
  writeFileSync(join(folder, 'word'), 'from-a-file\n');
  assert.equal(of('postgres://db/way', { SLIPWAY_JOURNAL_PASSWORD_FILE: join(folder, 'word') }).password?.reveal(), 'from-a-file');
  assert.deepEqual(of(`postgres://db/way?sslmode=verify-ca&sslrootcert=${join(folder, 'ca.pem')}`).tls, { mode: 'authority', ca: 'CERTIFICATE' });
});

test('a wrong address of a journal is told without repeating it, and so is a wrong key of the vault', () => {
  for (const env of [
    { SLIPWAY_JOURNAL: 'mysql://u:word-9431@db/way' },
    { SLIPWAY_JOURNAL: 'word-9431' },
    { SLIPWAY_JOURNAL: 'postgres://u:word-9431@db' },
    { SLIPWAY_JOURNAL: 'postgres://u:word-9431@db/way?sslmode=prefer' },
    { SLIPWAY_JOURNAL: 'postgres://u:word-9431@db/way?ssl=true' },
    { SLIPWAY_JOURNAL: 'postgres://u:word-9431@db/way?schema=a;b' },
    { SLIPWAY_JOURNAL: 'postgres://u:word-9431@db/way?sslrootcert=/does/not/exist' },
    { SLIPWAY_VAULT_KEY: 'word-9431' },
    { SLIPWAY_VAULT_KEY: 'a'.repeat(64), SLIPWAY_VAULT_KEY_FILE: '/some/file' },
  ]) {
    const parsed = loadConfig(env, folder, around);
    assert.equal(parsed.ok, false, JSON.stringify(env));
    assert.deepEqual([...new Set(parsed.problems.map(({ path }) => path))], [Object.keys(env)[0]]);
    assert.doesNotMatch(JSON.stringify(parsed.problems), /9431/);
  }
  assert.deepEqual(load({ SLIPWAY_VAULT_KEY_FILE: 'key' }).vaultKey, { from: 'file', file: join(folder, 'repo', 'runbooks', 'key') });
  const { vaultKey } = load({ SLIPWAY_VAULT_KEY: 'a'.repeat(64) });
  assert.equal(vaultKey?.from === 'setting' && vaultKey.key.reveal(), 'a'.repeat(64));
});
