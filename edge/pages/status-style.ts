// The status page's own CSS, beside that of frame.ts. It is read on phones, in the dark, and on paper.

// Contrast on the cards (WCAG 2.2: text 4.5:1, marks 3:1). By day on #fffdf8: ink 12.9, soft 6.9, up #2f6b2f 6.3, down
// #9a2f1f 7.4, awake #b4690e 4.3, asleep #5c6a99 5.2. By night on #221d16: ink 13.5, soft 7.8, up #9ad08f 9.4, down
// #ff9e88 8.4, awake #ffc966 11, asleep #8fa0d4 6.5.
export const statusStyle = `
:root{--card:#fffdf8;--edge:#e6d3ae;--up:#2f6b2f;--down:#9a2f1f;--awake:#b4690e;--asleep:#5c6a99;--faint:#8a7450}
@media screen and (prefers-color-scheme:dark){:root{--card:#221d16;--edge:#4d4231;--up:#9ad08f;--down:#ff9e88;--awake:#ffc966;
--asleep:#8fa0d4;--faint:#a08a66}}
body{place-items:start center;background:radial-gradient(circle at 50% 9rem,var(--glow),transparent 34rem) no-repeat
var(--ground)}
.lamp{height:5rem}
.site{margin:.25rem 0 0}
main{width:100%;max-width:38rem}
section{background:var(--card);border:1px solid var(--edge);border-radius:1rem;padding:1.1rem 1.25rem;margin-top:1.25rem;
text-align:start}
h2{margin:0 0 .5rem;font-size:1.125rem;line-height:1.3}
section p{margin:.25rem 0;text-wrap:pretty}
ul{list-style:none;margin:0;padding:0}
.services li{display:grid;grid-template-columns:1.5rem 1fr;gap:0 .6rem;padding:.55rem 0;border-top:1px solid var(--edge)}
.services li:first-child{border-top:0}
.services svg{width:1.5rem;height:1.5rem;margin-top:.15rem}
.services{margin-bottom:-.4rem}
.name{font-weight:600;color:var(--ink)}
.services div,.note,.foot{color:var(--soft);font-size:1rem}
.services time,.foot time,.days time{font-weight:inherit}
.cut{fill:none;stroke:var(--card);stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.up{color:var(--up)}.down{color:var(--down)}.resting{color:var(--asleep)}.unsure{color:var(--faint)}
.defs{position:absolute}
.days li{display:grid;grid-template-columns:4.75rem 1fr;gap:.5rem;align-items:center;height:2.1rem}
.days time{color:var(--soft);font-size:.95rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.days [aria-current] time{color:var(--ink);font-weight:600}
.day{display:block;overflow:hidden}
.hour{fill:var(--edge)}
.awake{fill:var(--awake)}.asleep{fill:var(--asleep)}
.lost{fill:url(#hatch);stroke:var(--down);stroke-width:1.5}
.stripe{stroke:var(--down);stroke-width:4}
.unknown{fill:none;stroke:var(--faint);stroke-width:3;stroke-dasharray:.1 8;stroke-linecap:round}
section .axis{display:flex;justify-content:space-between;margin:.1rem 0 0 5.25rem;color:var(--soft);font-size:.85rem;
font-variant-numeric:tabular-nums}
.axis span{width:0;display:flex;justify-content:center;white-space:nowrap}
.axis span:first-child{justify-content:start}.axis span:last-child{justify-content:end}
.legend{display:flex;flex-wrap:wrap;gap:.35rem 1.25rem;margin-top:.75rem;font-size:1rem}
.legend li{display:flex;align-items:center;gap:.5rem}
.legend span{color:var(--soft)}
.foot{margin-top:1.5rem}
@media print{body{padding:0;background:none}section{break-inside:avoid;border-color:#999}svg{print-color-adjust:exact}}`;
