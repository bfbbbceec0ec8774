/**
 * For OrderToPrice: the EMS order of each order of a contract, numbered from 0 as they first
 * appear. An order that names none is an EMS order of its own.
 */
export function emsOrderPlaces(emsOrderNos: readonly (string | null)[]): readonly number[] {
  const places = new Map<string, number>();
  let next = 0;
  return emsOrderNos.map((emsOrderNo) => {
    const known = emsOrderNo === null ? undefined : places.get(emsOrderNo);
    if (known !== undefined) return known;
    const place = next++;
    if (emsOrderNo !== null) places.set(emsOrderNo, place);
    return place;
  });
}
