import type { KeyboardInteractiveAuthMethod } from 'ssh2';
import { type Secret, SlipwayError } from '../../core/index.ts';
import { type Host, matches } from '../../steps/index.ts';
import { nameOf } from './trust.ts';

/** What somebody has to read from a device or a message at this very moment. */
const ONE_TIME = /one[- ]?time|\botp\b|verification code|authenticat(?:or|ion) code|\btoken\b|passcode|security code|\bduo\b|yubikey|\b[2m]fa\b|challenge/i;

interface Known {
  readonly fits: (prompt: string, echo: boolean) => boolean;
  readonly secret: Secret;
  isUsed: boolean;
}

/**
 * Answer what a server asks, in any number of rounds, from the secrets of the inventory: each of them once, since asked again it was
 * wrong. The password answers one question that hides what is typed. A question that nothing answers ends the login.
 *
 * @param refuse hears why; the server is then told nothing.
 */
export function answerPrompts(host: Host, refuse: (why: SlipwayError) => void): KeyboardInteractiveAuthMethod['prompt'] {
  const { answers = [], password } = host.login;
  const known: Known[] = [
    ...answers.map(({ prompt, answer }) => ({ fits: (text: string) => matches(prompt, [text])[0] === true, secret: answer, isUsed: false })),
    ...(password ? [{ fits: (text: string, echo: boolean) => !echo && !ONE_TIME.test(text), secret: password, isUsed: false }] : []),
  ];
  return (...request) => {
    const [, , , prompts, finish] = request;
    const given: string[] = [];
    for (const { prompt, echo } of prompts) {
      const fitting = known.filter((each) => each.fits(prompt.trim(), echo === true));
      const next = fitting.find((each) => !each.isUsed);
      if (!next && fitting.length === 0) {
        refuse(unanswered(host, prompt));
        return finish([]);
      }
      if (next) next.isUsed = true;
      given.push(next?.secret.reveal() ?? '');
    }
    finish(given);
  };
}

function unanswered(host: Host, prompt: string): SlipwayError {
  const asked = JSON.stringify(prompt.trim().slice(0, 200));
  if (ONE_TIME.test(prompt)) {
    return new SlipwayError('SSH_AUTH', `${nameOf(host)} asks ${host.user} for a one-time code: ${asked}`, {
      hint: 'no secret can answer that: let the user log in by key or certificate, or exempt it from the second factor',
    });
  }
  return new SlipwayError('SSH_AUTH', `${nameOf(host)} asks ${host.user} ${asked}, and nothing answers that`, {
    hint: 'add it to "answers" of the host in the inventory: { prompt: "…", answer: env:NAME }',
  });
}
