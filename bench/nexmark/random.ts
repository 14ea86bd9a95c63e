export { Random } from '#engine/random/random.ts';
