import { signInSecond, type Waits } from '../api/session.ts';
import { Lone } from './lone.tsx';
import { ProveForm } from './prove-form.tsx';

/** The second step of a sign-in: the password was right, and is not enough. */
export function SecondStep({ waits, onDone, onBack }: { waits: Waits; onDone: () => void; onBack: () => void }) {
  const act = async (proof: object) => {
    await signInSecond(waits.ticket, proof);
    onDone();
  };
  return (
    <Lone
      title="One more step"
      text="Prove that it is you."
      foot={
        <button type="button" className="lone-switch" onClick={onBack}>
          Begin anew
        </button>
      }
    >
      <ProveForm waits={waits} act={act} />
    </Lone>
  );
}
