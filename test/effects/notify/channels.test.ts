import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { createChannels, createHttp } from '../../../src/effects/index.ts';
import { addressOf } from '../../../src/effects/notify/address.ts';
import { slackForm, teamsForm } from '../../../src/effects/notify/forms.ts';
import type { Note } from '../../../src/steps/index.ts';
import { openReceiver } from '../webhook/receiver.ts';

const never = new AbortController().signal;
const note: Note = {
  ...{ id: 'note_1', title: 'ERP <!channel> [x](http://evil)', text: 'look *now*', mood: 'bad', runId: 'run-20261123-7k2m9qz4ab', at: Date.UTC(2026, 10, 23) },
  facts: [
    { name: 'step', value: 'cutover/weight-50' },
    { name: 'asked of', value: 'team:cab & team:erp' },
  ],
  next: ['slipway approve run-20261123-7k2m9qz4ab'],
};

test('the form of a channel follows from its address', () => {
  const kindOf = (text: string): string => addressOf(new Secret(text)).kind;
  assert.equal(kindOf('https://hooks.slack.com/services/x'), 'slack');
  assert.equal(kindOf('https://prod-1.westeurope.logic.azure.com:443/workflows/x'), 'teams');
  assert.equal(kindOf('teams+https://relay.example.com/x'), 'teams');
  assert.equal(kindOf('slack+https://prod-1.westeurope.logic.azure.com/x'), 'slack');
  assert.equal(kindOf('webhook+https://relay.example.com/x'), 'webhook');
  assert.deepEqual(addressOf(new Secret('https://relay.example.com/x#whsec_AAAA')), { kind: 'webhook', url: 'https://relay.example.com/x', signing: 'AAAA' });
  assert.deepEqual(addressOf(new Secret('mailto:ops@example.com, cab@example.com')), { kind: 'mail', to: ['ops@example.com', 'cab@example.com'] });
});

test('nothing of the data becomes markup, a mention or a link', () => {
  const slack = JSON.stringify(slackForm(note));
  assert.doesNotMatch(slack.replaceAll('"plain_text","text":"ERP <!channel> [x](http://evil)"', ''), /<!channel>/);
  assert.match(slack, /"fields":\[{"type":"plain_text","text":"step\\ncutover\/weight-50"/);
  const [card] = (teamsForm(note) as { attachments: readonly { content: { body: readonly { text?: string; facts?: readonly { value: string }[] }[] } }[] })
    .attachments;
  assert.equal(card?.content.body[0]?.text, String.raw`ERP <!channel\> \[x\]\(http://evil\)`);
  assert.deepEqual(
    card.content.body.flatMap(({ facts = [] }) => facts.map(({ value }) => value)),
    [String.raw`cutover/weight\-50`, 'team:cab & team:erp', String.raw`run\-20261123\-7k2m9qz4ab`],
  );
});

test('a generic webhook gets facts as data, signed when the address says so; refusals and busy receivers are told apart', async () => {
  using receiver = await openReceiver();
  using http = createHttp();
  const at = `http://127.0.0.1:${receiver.port}/very-secret`;
  const channels = createChannels({
    channels: { hook: new Secret(`webhook+${at}`), signed: new Secret(`${at}#whsec_${Buffer.alloc(32, 1).toString('base64')}`) },
    ...{ http, clock: systemClock, log: () => undefined },
  });
  assert.deepEqual(await channels.tell('#hook', note, never), { ok: true, status: 200 });
  await channels.tell('signed', note, never);
  const [plain, signed] = receiver.got;
  const body = JSON.parse(plain?.body ?? '') as { type: string; data: { facts: { step: string }; mood: string } };
  assert.deepEqual([body.type, body.data.facts.step, body.data.mood], ['slipway.notification', 'cutover/weight-50', 'bad']);
  assert.equal(plain?.headers['webhook-signature'], undefined);
  assert.equal(signed?.headers['webhook-id'], 'note_1');
  receiver.answers.push(404, 503);
  const [gone, busy] = [await channels.tell('hook', note, never), await channels.tell('hook', note, never)];
  assert.deepEqual([gone.ok || gone.isFinal, busy.ok || busy.isFinal], [true, false]);
  assert.doesNotMatch(JSON.stringify([gone, busy, await channels.tell('nobody', note, never)]), /very-secret/);
});

/** A mail server that takes one mail, or refuses it. */
async function mailServer(refusal?: string) {
  const said: string[] = [];
  const server = createServer((socket: Socket) => {
    let isData = false;
    socket.write('220 mail.test ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) {
        if (line !== '') said.push(line);
        if (isData && line === '.') socket.write('250 taken\r\n');
        if (line === '.') isData = false;
        if (isData || line === '') continue;
        if (/^(?:EHLO|HELO)/.test(line)) socket.write('250 mail.test\r\n');
        else if (line === 'DATA') {
          isData = true;
          socket.write('354 go on\r\n');
        } else if (line.startsWith('RCPT') && refusal !== undefined) socket.write(`${refusal}\r\n`);
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else if (/^(?:MAIL|RCPT|RSET)/.test(line)) socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { said, port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() }; // it listens on TCP
}

test('mail says what happened, whose it is, and the same id each time; a refusal for ever is told from one that passes', { timeout: 60_000 }, async () => {
  const tellBy = async (port: number) => {
    using http = createHttp();
    const mail = { server: new Secret(`smtp://127.0.0.1:${port}`), from: 'slipway@example.com' };
    const channels = createChannels({ channels: { ops: new Secret('mailto:ops@example.com') }, mail, http, clock: systemClock, log: () => undefined });
    return await channels.tell('ops', note, never);
  };
  using server = await mailServer();
  assert.deepEqual(await tellBy(server.port), { ok: true });
  const text = server.said.join('\n');
  for (const expected of [
    'From: slipway@example.com',
    'To: ops@example.com',
    'Message-ID: <note_1@slipway>',
    'X-Slipway-Run: run-20261123-7k2m9qz4ab',
    'Auto-Submitted: auto-generated',
  ])
    assert.ok(text.includes(expected), expected);
  assert.match(text, /^step: +cutover\/weight-50$/m);
  using forEver = await mailServer('550 no such user');
  const refused = await tellBy(forEver.port);
  assert.deepEqual([refused.ok || refused.isFinal, refused.ok || refused.status], [true, 550]);
  using later = await mailServer('451 try later');
  const postponed = await tellBy(later.port);
  assert.deepEqual([postponed.ok || postponed.isFinal, postponed.ok || postponed.message], [false, 'the mail server answered 451']);
});
