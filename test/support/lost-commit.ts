import type { Proxy } from './proxy.ts';

/** From the next COMMIT of a client on, do something; before it is passed on. */
export function onCommit(proxy: Proxy, then: () => void): void {
  proxy.onSent = (bytes) => {
    if (!bytes.includes('COMMIT')) return;
    proxy.onSent = () => undefined;
    then();
  };
}
/** The server gets the COMMIT, and its answer gets lost with the connection. */
export function loseAnswer(proxy: Proxy): void {
  onCommit(proxy, () => {
    proxy.toClient = 'hold';
    setTimeout(() => {
      proxy.cut();
      proxy.toClient = 'pass';
    }, 50);
  });
}
/** The server never gets the COMMIT, and does not notice yet that the connection is gone. */
export function loseCommit(proxy: Proxy): void {
  onCommit(proxy, () => {
    proxy.toServer = 'hold';
    setTimeout(() => {
      proxy.toServer = 'pass';
      proxy.cut();
    }, 50);
  });
}
