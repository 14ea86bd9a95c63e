import { main } from '#kernel/session/test/fixture/echo/main.ts';
import type { echo } from '#kernel/session/test/fixture/echo/service.ts';
import type { Gate } from '#kernel/contract/session.ts';
import { servicePart } from '#kernel/session/part.ts';

/** The gate of the sample's long-poll door, once it is open. */
export const opened: { gate?: Gate<typeof echo> } = {};

const perSecond = 1_000_000_000_000;
// The usual rate would refuse what a loop without anything else spends; the bucket is asked all the same.
const contract = {
  ...main.contract,
  quotas: { ...main.contract.quotas, rate: { ...main.contract.quotas.rate, perSecond, burst: perSecond } },
} as unknown as typeof echo;

export const part = servicePart<typeof echo>({
  ...main,
  contract,
  async start(kernel) {
    const made = await main.start(kernel);
    return {
      ...made,
      doors: {
        ...made.doors,
        poll: (place) => {
          opened.gate = place.gate;
          return made.doors.poll(place);
        },
      },
    };
  },
});
