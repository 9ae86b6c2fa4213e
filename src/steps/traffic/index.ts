export { setMirror } from './set-mirror.ts';
export { setStackWeight } from './set-stack-weight.ts';
export { setWeight } from './set-weight.ts';
