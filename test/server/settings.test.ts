import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { readServerSettings, type SettingsPorts } from '../../src/server/index.ts';

const GOOD = `apiVersion: slipway/v1
kind: Server
publicUrl: https://slipway.example.com/
repositories:
  - { name: estate, folder: /srv/estate.git }
triggers:
  - { id: portal, secrets: [env:PORTAL] }
`;
const SECRETS: { readonly [reference: string]: string } = {
  'env:PORTAL': 'a-secret-of-more-than-16-bytes',
  'env:SHORT': 'short',
  'env:TOKEN': 'token-of-the-host-0123456789',
  'file:/etc/key.pem': 'KEY',
};
const ports: SettingsPorts = {
  secretAt: (reference) => (reference in SECRETS ? new Secret(SECRETS[reference] ?? '') : undefined),
  textAt: (path) => (path === '/etc/cert.pem' ? 'CERT' : undefined),
};
const read = (text: string) => readServerSettings(text, 'server.yaml', ports);
const told = (text: string): readonly string[] => read(text).problems.map(({ line, code, message }) => `${line} ${code} ${message}`);

describe('settings of a server', () => {
  test('are read with their defaults and their secrets', () => {
    const parsed = read(GOOD);
    assert.ok(parsed.ok, told(GOOD).join('\n'));
    const { value } = parsed;
    assert.equal(value.publicUrl, 'https://slipway.example.com');
    assert.deepEqual(value.listen, { host: '127.0.0.1', port: 8_080, trustedProxies: [] });
    assert.equal(value.triggers[0]?.secrets[0]?.reveal(), SECRETS['env:PORTAL']);
    assert.doesNotMatch(JSON.stringify(value), /a-secret-of/);
  });

  test('without a webhook secret are refused', () => {
    const without = GOOD.replace(/triggers:[^]*/, '');
    assert.deepEqual(told(without), ['1 NO_WEBHOOK_SECRET no trigger and no host has a webhook secret, so nothing could prove who sends']);
    assert.match(told(GOOD.replace('secrets: [env:PORTAL]', 'secrets: []')).join(), /"secrets" has too few entries/);
    assert.match(told(GOOD.replace(', secrets: [env:PORTAL]', '')).join(), /"secrets" is missing/);
    assert.match(told(GOOD.replace('env:PORTAL', 'env:NOTHING')).join(), /7 MISSING_SECRET the variable NOTHING holds no secret/);
    assert.match(told(GOOD.replace('env:PORTAL', 'env:SHORT')).join(), /7 SHORT_SECRET/);
  });

  test('never repeat a secret that somebody wrote into them', () => {
    for (const wrong of ['secrets: [hunter2-hunter2-hunter2]', 'secrets: hunter2-hunter2-hunter2', 'secrets: {a: hunter2-hunter2-hunter2}']) {
      const problems = read(GOOD.replace('secrets: [env:PORTAL]', wrong)).problems;
      assert.ok(problems.length > 0);
      assert.doesNotMatch(JSON.stringify(problems), /hunter2/, wrong);
    }
  });

  test('that would speak in plain text with other machines are refused', () => {
    const open = GOOD.replace('publicUrl', 'listen: { host: 0.0.0.0 }\npublicUrl');
    assert.match(told(open).join(), /3 PLAIN_TEXT/);
    const tls = `${open}tls: { certificate: /etc/cert.pem, key: file:/etc/key.pem }\n`;
    assert.deepEqual(told(tls), []);
    assert.deepEqual(told(open.replace('host: 0.0.0.0', 'host: 0.0.0.0, trustedProxies: [10.0.0.0/8]')), []);
    assert.match(told(GOOD.replace('https://', 'http://')).join(), /not encrypted/);
    assert.deepEqual(told(GOOD.replace('https://slipway.example.com/', 'http://127.0.0.1:8080')), []);
  });

  test('tell every mistake at once, each with its line and what to do', () => {
    const wrong = `apiVersion: slipway/v1
kind: Server
publicUrl: https://user:pw@slipway.example.com
lisen: {}
listen: { port: 99999, trustedProxies: [10.0.0.0/99] }
repositories:
  - { name: estate }
  - { name: estate, folder: srv, url: https://git.example.com/x }
triggers:
  - { id: portal, secrets: [env:PORTAL], scheme: gitub, repositories: [other] }
login: { issuer: http://id.example.com, clientId: x, idle: soon }
`;
    const { problems } = read(wrong);
    const codes = problems.map(({ line, code }) => `${line} ${code}`);
    assert.deepEqual(codes, [
      '3 BAD_FORMAT',
      '4 UNKNOWN_KEY',
      '5 OUT_OF_RANGE',
      '5 BAD_FORMAT',
      '8 BAD_FORMAT',
      '10 BAD_VALUE',
      '11 BAD_FORMAT',
      '11 BAD_FORMAT',
    ]);
    assert.ok(
      problems.every(({ hint }) => hint !== undefined),
      JSON.stringify(problems.filter(({ hint }) => hint === undefined)),
    );
    const second = GOOD.replace('folder: /srv/estate.git', 'folder: /srv/e, url: "https://g.example.com/x", repo: a/b').replace(
      'secrets: [env:PORTAL]',
      'secrets: [env:PORTAL], repositories: [other]',
    );
    assert.deepEqual(
      read(`${second}  - { id: portal, secrets: [env:PORTAL] }\n`).problems.map(({ line, code }) => `${line} ${code}`),
      ['5 BAD_SOURCE', '5 BAD_SOURCE', '7 UNKNOWN_REPOSITORY', '8 DUPLICATE_NAME'],
    );
  });

  test('are one document of YAML', () => {
    assert.match(told(`${GOOD}---\n${GOOD}`).join(), /2 documents/);
    assert.match(told('').join(), /EMPTY_FILE/);
    assert.match(told('triggers: [').join(), /YAML_SYNTAX/);
  });
});
