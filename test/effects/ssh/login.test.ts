import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import ssh2, { type AuthContext } from 'ssh2';
import { createMasker, Secret } from '../../../src/core/index.ts';
import { newKey } from '../../../src/rehearsal/hosts/keys.ts';
import type { Host, HostLogin } from '../../../src/steps/index.ts';
import { failure, request, withSsh } from './with-ssh.ts';

interface Server extends AsyncDisposable {
  readonly host: (login: HostLogin) => Host;
  readonly tried: readonly string[];
}

/** A server that speaks the bootstrap's first line and then ends: enough to see who is let in. */
async function serve(accept: (context: AuthContext) => void): Promise<Server> {
  const key = newKey(ssh2.utils);
  const tried: string[] = [];
  const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      tried.push(context.method);
      accept(context);
    });
    client.on('ready', () =>
      client.on('session', (acceptSession) =>
        acceptSession().on('exec', (acceptExec) => {
          const channel = acceptExec();
          channel.write('a banner of some login shell\nSLIPWAY-READY 0 77\nout\n');
          channel.exit(0);
          channel.end();
        }),
      ),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number }; // a TCP server that listens has one
  const hostKeys = [key.public];
  return {
    host: (login) => ({ name: 'box', address: '127.0.0.1', port, user: 'ops', groups: [], vars: {}, jump: [], login, hostKeys }),
    tried,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

describe('logging in', () => {
  it('gives a password when the server takes passwords, and drops what the login shell says first', async () => {
    await using server = await serve((context) =>
      context.method === 'password' && context.password === 'open sesame' ? context.accept() : context.reject(['password']),
    );
    await withSsh(async (ssh, control) => {
      assert.equal((await ssh.exec(server.host({ password: new Secret('open sesame') }), request('true'), control)).stdout, 'out\n');
    });
    assert.deepEqual(server.tried, ['none', 'password']);
  });

  it('answers questions that hide the answer with the password, once', async () => {
    const answers: string[][] = [];
    await using server = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt([{ prompt: 'Password: ', echo: false }], (given) => {
        answers.push(given);
        if (given[0] === 'open sesame') context.accept();
        else context.reject(['keyboard-interactive']);
      });
    });
    await withSsh((ssh, control) => ssh.exec(server.host({ password: new Secret('open sesame') }), request('true'), control));
    const error = await failure(withSsh((ssh, control) => ssh.exec(server.host({ password: new Secret('wrong-guess') }), request('true'), control)));
    assert.equal(error.code, 'SSH_AUTH');
    assert.deepEqual(answers, [['open sesame'], ['wrong-guess']]);
    const masker = createMasker();
    masker.add('wrong-guess');
    assert.equal(masker.mask(`${error.message}${error.hint}${error.stack}`).includes('[secret]'), false);
  });

  it('answers every question of a dialogue from the inventory, in any number of rounds, each once', async () => {
    const rounds: string[][] = [];
    await using server = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt(
        [
          { prompt: 'Your PIN: ', echo: false },
          { prompt: 'City of birth', echo: true },
        ],
        (first) => {
          rounds.push(first);
          context.prompt([], (nothing) => {
            rounds.push(nothing);
            context.prompt([{ prompt: 'Password:', echo: false }], (second) => {
              rounds.push(second);
              if (second[0] === 'open sesame' && first[0] === '4711') context.accept();
              else context.reject(['keyboard-interactive']);
            });
          });
        },
      );
    });
    const answers = [
      { prompt: '^Your PIN', answer: new Secret('4711') },
      { prompt: 'birth', answer: new Secret('Berlin') },
    ];
    await withSsh((ssh, control) => ssh.exec(server.host({ answers, password: new Secret('open sesame') }), request('true'), control));
    assert.deepEqual(rounds, [['4711', 'Berlin'], [], ['open sesame']]);
    const wrong = await failure(withSsh((ssh, control) => ssh.exec(server.host({ answers, password: new Secret('wrong') }), request('true'), control)));
    assert.equal(wrong.code, 'SSH_AUTH');
  });

  for (const [prompt, echo, message] of [
    ['Verification code: ', false, /asks ops for a one-time code: "Verification code:"/],
    ['Enter your OTP', true, /asks ops for a one-time code: "Enter your OTP"/],
    ['Favourite colour? ', true, /asks ops "Favourite colour\?", and nothing answers that/],
  ] as const) {
    it(`gives no secret to ${JSON.stringify(prompt)}, and says so`, async () => {
      const given: string[][] = [];
      await using server = await serve((context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        context.prompt([{ prompt: 'Password: ', echo: false }], () => context.prompt([{ prompt, echo }], (answers) => (given.push(answers), context.reject())));
      });
      const error = await failure(withSsh((ssh, control) => ssh.exec(server.host({ password: new Secret('open sesame') }), request('true'), control)));
      assert.equal(error.code, 'SSH_AUTH');
      assert.match(error.message, message);
      assert.equal(error.retry, 'never');
      assert.deepEqual(given.flat(), []);
    });
  }

  it('goes on to the next proof when the server wants two', async () => {
    const key = newKey(ssh2.utils);
    let hasKey = false;
    await using server = await serve((context) => {
      if (context.method === 'publickey' && context.signature) {
        hasKey = true;
        context.reject(['password'], true);
      } else if (context.method === 'publickey') context.accept();
      else if (context.method === 'password' && hasKey) context.accept();
      else context.reject(['publickey']);
    });
    await withSsh((ssh, control) =>
      ssh.exec(server.host({ privateKey: new Secret(key.private), password: new Secret('open sesame') }), request('true'), control),
    );
    assert.deepEqual(server.tried, ['none', 'publickey', 'publickey', 'password']);
  });

  it('says what is missing when there is nothing to try', async () => {
    await using server = await serve((context) => context.reject());
    const nothing = await failure(withSsh((ssh, control) => ssh.exec(server.host({}), request('true'), control)));
    assert.match(nothing.message, /there is no way to log in to box .* as ops/);
    const noAgent = await failure(withSsh((ssh, control) => ssh.exec(server.host({ agent: true }), request('true'), control)));
    assert.match(noAgent.message, /wants an SSH agent, and there is none/);
    const broken = await failure(withSsh((ssh, control) => ssh.exec(server.host({ privateKey: new Secret('no key at all') }), request('true'), control)));
    assert.match(broken.message, /private key of box cannot be read/);
    assert.deepEqual(server.tried, []);
  });
});
