import { Agent, request } from 'node:http';
import type { LoadBalancer } from './vars.ts';

/** Requests that may be under way; a front that hangs must not collect them without end. */
const MOST_AT_ONCE = 50;
const TIMEOUT_MS = 5_000;

/** Play people who use the service: they come to the load balancer at their own pace, whatever became of those before them. */
export function startCustomers(customers: LoadBalancer['customers'], port: number): { stop(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_AT_ONCE });
  let underWay = 0;
  const visit = (path: string): void => {
    if (underWay >= MOST_AT_ONCE) return;
    underWay++;
    const asking = request({ host: '127.0.0.1', port, path, agent, timeout: TIMEOUT_MS }, (response) => response.resume());
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => undefined); // the load balancer has counted it, or is being stopped
    asking.on('close', () => void underWay--);
    asking.end();
  };
  const timers = customers.map(({ path, perSecond }) => setInterval(() => visit(path), 1_000 / perSecond));
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      agent.destroy();
    },
  };
}
