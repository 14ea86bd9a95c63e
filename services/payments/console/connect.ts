import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make Stripe's clients use this door, ready to paste. */
export function connectStripe({ stripeKey, endpoint }: ConnectFacts): readonly ConnectLine[] {
  const { hostname, port } = new URL(endpoint);
  return [
    {
      client: 'Node.js',
      text: [
        "import Stripe from 'stripe';",
        '',
        `const stripe = new Stripe('${stripeKey}', { host: '${hostname}', port: ${port}, protocol: 'http' });`,
        "console.log(await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }));",
      ].join('\n'),
    },
    {
      client: 'Python',
      text: [
        'import stripe',
        '',
        `client = stripe.StripeClient("${stripeKey}", base_addresses={"api": "${endpoint}"})`,
        'print(client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}))',
      ].join('\n'),
    },
    {
      client: 'curl',
      text: `curl ${endpoint}/v1/payment_intents -u ${stripeKey}: -d amount=2000 -d currency=usd`,
    },
  ];
}
