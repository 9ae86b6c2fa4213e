export { clean, UNSAFE } from '../core/index.ts';
