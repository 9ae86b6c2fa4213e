import { accessSync, constants } from 'node:fs';
import type { BrowserContext, BrowserContextOptions } from 'playwright-core';

const PATH = '/usr/bin/chromium';
/** Nothing is asked of the network that a page does not ask for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Why no browser can be started here, or undefined when one can. */
export function whyNoChromium(): string | undefined {
  try {
    accessSync(PATH, constants.X_OK);
    return undefined;
  } catch {
    return `no browser to show the portal to: there is no ${PATH} (apt-get install -y chromium)`;
  }
}

/** A browser that people share, each with cookies and storage of their own. */
export interface Chromium extends AsyncDisposable {
  readonly person: (options?: BrowserContextOptions) => Promise<BrowserContext & AsyncDisposable>;
}

export async function openChromium(): Promise<Chromium> {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: PATH, args: FLAGS, headless: true });
  return {
    person: async (options = {}) => {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(60_000);
      return Object.assign(context, { [Symbol.asyncDispose]: () => context.close() });
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
