import type { Secret } from '../../core/index.ts';

/** Where a channel is, and in which form it takes messages. */
export type Address =
  | { readonly kind: 'slack' | 'teams'; readonly url: string }
  /** `signing` is the key of Standard Webhooks, in base64. */
  | { readonly kind: 'webhook'; readonly url: string; readonly signing?: string }
  | { readonly kind: 'mail'; readonly to: readonly string[] };

/** Workflows of Power Automate, which take messages for Teams. */
const TEAMS = /\.(?:logic\.azure\.com|powerplatform\.com|webhook\.office\.com)$/;

/**
 * Read the address of a channel: `mailto:…`, or http(s) with the form before it, `teams+https://…`. Without one, what ends in `#whsec_…` is a signed
 * webhook, the hosts of Teams are known, and any other takes the JSON of Slack and its look-alikes.
 */
export function addressOf(setting: Secret): Address {
  const text = setting.reveal();
  if (text.startsWith('mailto:'))
    return {
      kind: 'mail',
      to: text
        .slice('mailto:'.length)
        .split(',')
        .map((each) => each.trim()),
    };
  const [, form, bare = text] = /^(slack|teams|webhook)\+(.*)$/s.exec(text) ?? [];
  const url = new URL(bare);
  const signing = /^#whsec_([A-Za-z0-9+/_=-]+)$/.exec(url.hash)?.[1];
  url.hash = '';
  if (signing !== undefined) return { kind: 'webhook', url: url.href, signing };
  if (form === 'webhook') return { kind: 'webhook', url: url.href };
  return { kind: form === 'teams' || (form === undefined && TEAMS.test(url.hostname)) ? 'teams' : 'slack', url: url.href };
}
