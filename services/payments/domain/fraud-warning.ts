import type { Thing } from './json.ts';

/** An issuer tells of a payment that it takes for a fraud, before its cardholder contests it. */
export const newFraudWarning = ({ id, created, charge }: { id: string; created: number; charge: Thing }): Thing => ({
  ...{ id, object: 'radar.early_fraud_warning', actionable: true, charge: charge.id, created },
  ...{ fraud_type: 'made_with_stolen_card', livemode: charge.livemode ?? false, payment_intent: charge.payment_intent ?? null },
});
