import { useEffect, useState } from 'react';
import { onStepUp } from '../api/client.ts';
import { rootOf, usePlace } from '../api/place.ts';
import { stale } from '../api/read.ts';
import { askStepUp, proveStepUp } from '../api/security.ts';
import type { Waits } from '../api/session.ts';
import { LinkButton } from '../part/button.tsx';
import { Dialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { ProveForm } from './prove-form.tsx';

/** Opens when the platform wants a second factor; once it is proven, what was refused is asked again. */
export function StepUp() {
  const [waits, setWaits] = useState<Waits>();
  const place = usePlace();
  useEffect(() => {
    let asking = false;
    return onStepUp(() => {
      if (asking) return;
      asking = true;
      askStepUp()
        .then(setWaits, () => undefined)
        .finally(() => {
          asking = false;
        });
    });
  }, []);
  if (!waits) return null;
  const close = () => setWaits(undefined);
  const act = async (proof: object) => {
    await proveStepUp(waits.ticket, proof);
    close();
    notice('Proven. Repeat what you were doing.');
    stale(() => true);
  };
  return (
    <Dialog title="This needs a second factor" onClose={close}>
      {waits.methods.length > 0 ? (
        <ProveForm waits={waits} act={act} />
      ) : (
        <div className="stack">
          <p className="dim">You have none yet. Add an authenticator app or a passkey, and go on here.</p>
          <div className="row dialog-end" onClick={close}>
            <LinkButton to={`${rootOf(place)}/platform/security`} look="main">
              Add a second factor
            </LinkButton>
          </div>
        </div>
      )}
    </Dialog>
  );
}
