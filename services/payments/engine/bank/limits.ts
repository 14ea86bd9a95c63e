import { limit } from '#kernel/contract/limit.ts';

export const paysAfterSeconds = limit(180, 'second', 'How long the simulated payer of a voucher takes to pay it.');
export const sepaNameMax = limit(70, 'character', 'Longest name in an order of SEPA; what is longer is cut.');
