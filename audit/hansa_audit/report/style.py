"""The style sheet of the page: light and dark, screen and paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566273;--line:#dfe4ea;--page:#f5f7f9;--card:#fff;
--o0:#1f6f8b;--o1:#4795aa;--o2:#c8553d;--o3:#8f7a22;--good:#1d7a4f;--good-bg:#e6f4ec;--bad:#b3261e;--bad-bg:#fbeae8;
--warn:#7a5a00;--warn-bg:#fdf4dc}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a3aebb;--line:#323b47;--page:#12171e;--card:#1b222b;
--o0:#4ba3bf;--o1:#9ad0df;--o2:#e2765c;--o3:#d0bb63;--good:#6fd3a0;--good-bg:#143325;--bad:#ff9c90;--bad-bg:#3d1a17;
--warn:#f0cf7a;--warn-bg:#352b10}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
section>:last-child{margin-bottom:0}
main{max-width:56rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:0 0 .25rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.25rem 0 .75rem}
.soft{color:var(--soft)}
header{margin-bottom:1.5rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.4rem;
margin:0 0 1.1rem}
.verdict{display:flex;gap:1rem;align-items:flex-start;border-width:1px}
.verdict .mark{flex:none;width:2.25rem;height:2.25rem;border-radius:50%;display:grid;place-items:center;
font-size:1.2rem;
font-weight:700;color:var(--card)}
.good{background:var(--good-bg);border-color:var(--good)}.good .mark{background:var(--good)}
.good h2{color:var(--good)}
.bad{background:var(--bad-bg);border-color:var(--bad)}.bad .mark{background:var(--bad)}.bad h2{color:var(--bad)}
.warn{background:var(--warn-bg);border:1px solid var(--warn);border-radius:.5rem;padding:.6rem .85rem;
margin:.6rem 0 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1.1rem;margin:0 0 1.1rem;padding:0;
list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.9rem 1.1rem}
.tiles b{display:block;font-size:1.75rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.9rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(21rem,1fr));gap:1.1rem}
.pair section{margin:0}.pair{margin:0 0 1.1rem}
svg{display:block;width:100%;height:auto;margin:.5rem 0}
.grid{stroke:var(--line);stroke-width:1}.tick{fill:var(--soft);font-size:12px;font-family:inherit}
.limit{stroke:var(--o2);stroke-width:1.5;stroke-dasharray:5 4}.reset{stroke:var(--soft);stroke-dasharray:2 3}
.line{fill:none;stroke:var(--o0);stroke-width:2}.area{fill:var(--o0);opacity:.14}
rect.o0{fill:var(--o0)}rect.o1{fill:var(--o1)}rect.o2{fill:var(--o2)}rect.o3{fill:var(--o3)}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:.25rem 0 0;padding:0;list-style:none;font-size:.9rem;
color:var(--soft)}
.key i{display:inline-block;width:.75rem;height:.75rem;border-radius:.15rem;margin-right:.4rem;vertical-align:-.05rem}
span.o0,i.o0{background:var(--o0)}span.o1,i.o1{background:var(--o1)}span.o2,i.o2{background:var(--o2)}
span.o3,i.o3{background:var(--o3)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:500}
td,th{padding:.3rem .5rem .3rem 0;vertical-align:top}
.n{text-align:right;padding-right:0;white-space:nowrap}
.bars th{width:40%;font-weight:400;overflow-wrap:anywhere}.bars td,.bars th{vertical-align:middle}
.bars .bar{width:100%}
.bars .bar div{display:flex;gap:2px;height:.85rem}.bars .bar small{color:var(--soft)}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table{position:relative}
.bars .bar span{border-radius:.1rem;min-width:2px}
.asked{margin:0;padding-left:1.2rem}.asked li{margin:0 0 1rem}.asked p{margin:0 0 .3rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border:1px solid var(--line);border-radius:.5rem;
padding:.6rem .85rem;margin:0;font-size:.9rem}
.list thead th{border-bottom:1px solid var(--line);font-weight:600}
.list tbody tr+tr td{border-top:1px solid var(--line)}
.list td,.list th{padding-right:1rem}.list td:last-child,.list th:last-child{padding-right:0}
details{margin-top:.75rem}summary{cursor:pointer;color:var(--soft)}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin:.5rem 0 0}dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.printed{display:none}
@media (max-width:34rem){.tick{font-size:22px}.list{font-size:.9rem}.list td,.list th{padding-right:.5rem}
.glance thead{position:absolute;clip-path:inset(50%)}
.glance tr{display:block;padding:.4rem 0}
.glance td,.glance th{display:block;border:0!important;text-align:left;padding:0}
.glance th{font-weight:600}.glance td[data-label]::after{content:" " attr(data-label)}section{padding:1rem .9rem}
dl{grid-template-columns:1fr}.bars th{width:50%}.pair{grid-template-columns:1fr}}
@media print{body{background:#fff}section,.tiles li{break-inside:avoid}details{display:none}.printed{display:block}}
"""
