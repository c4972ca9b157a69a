"""The style sheet of the pages: light and dark, screen and paper, left to right and right to left."""

from __future__ import annotations

# Outcomes alternate between dark and light, so that neighbours differ without their hue; whichever stand side by side
# are parted by a gap in the colour of the card, against which each has 3 to 1 (WCAG 2.2, 1.4.11).
STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566273;--line:#dfe4ea;--page:#f5f7f9;--card:#fff;--link:#0b5b7a;
--o0:#0f4155;--o1:#4397b1;--o2:#712112;--o3:#aa891e;--good:#1d7a4f;--good-bg:#e6f4ec;--bad:#b3261e;--bad-bg:#fbeae8;
--warn:#7a5a00;--warn-bg:#fdf4dc}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a3aebb;--line:#323b47;--page:#12171e;
--card:#1b222b;--link:#8fd0e6;
--o0:#327995;--o1:#b1dbe8;--o2:#c6452f;--o3:#e3d4a0;--good:#6fd3a0;--good-bg:#143325;--bad:#ff9c90;--bad-bg:#3d1a17;
--warn:#f0cf7a;--warn-bg:#352b10}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:break-word;
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
section>:last-child{margin-bottom:0}
main,.site,footer{max-width:56rem;margin:0 auto;padding:0 1.25rem}
main{padding-block:2.5rem 2rem}footer{padding-block:0 3rem}
.site{padding-block:1rem 0;margin-bottom:0}.site+main{padding-top:1.5rem}
.site ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0;list-style:none}
.site a{display:inline-block;padding:.25rem 0}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;inset-inline-start:-100vw}
.skip:focus{position:static;display:inline-block;padding:.5rem 1.25rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:0 0 .25rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.25rem 0 .75rem}
.soft{color:var(--soft)}
header{margin-bottom:1.5rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.4rem;
margin:0 0 1.1rem}
.verdict{display:flex;gap:1rem;align-items:flex-start;border-width:1px}.verdict>div:last-child{min-width:0;flex:1}
.verdict .mark{flex:none;width:2.25rem;height:2.25rem;border-radius:50%;display:grid;place-items:center;
font-size:1.2rem;
font-weight:700;color:var(--card)}
.good{background:var(--good-bg);border-color:var(--good)}.good .mark{background:var(--good)}
.good h2{color:var(--good)}.good .soft,.bad .soft{color:inherit}
.bad{background:var(--bad-bg);border-color:var(--bad)}.bad .mark{background:var(--bad)}.bad h2{color:var(--bad)}
.bad summary{color:inherit}
.warn{background:var(--warn-bg);border:1px solid var(--warn);border-radius:.5rem;padding:.6rem .85rem;
margin:.6rem 0 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1.1rem;margin:0 0 1.1rem;padding:0;
list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.9rem 1.1rem}
.tiles b{display:block;font-size:1.75rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.9rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(21rem,100%),1fr));gap:1.1rem}
.pair section{margin:0}.pair{margin:0 0 1.1rem}
svg{display:block;width:100%;height:auto;margin:.5rem 0}
.grid{stroke:var(--line);stroke-width:1}.tick{fill:var(--soft);font-size:12px;font-family:inherit}
.limit{stroke:var(--o2);stroke-width:1.5;stroke-dasharray:5 4}.reset{stroke:var(--soft);stroke-dasharray:2 3}
.line{fill:none;stroke:var(--o0);stroke-width:2}.area{fill:var(--o0);opacity:.14}
rect.o0{fill:var(--o0)}rect.o1{fill:var(--o1)}rect.o2{fill:var(--o2)}rect.o3{fill:var(--o3)}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:.25rem 0 0;padding:0;list-style:none;font-size:.9rem;
color:var(--soft)}
.key i{display:inline-block;width:.75rem;height:.75rem;border-radius:.15rem;margin-inline-end:.4rem;
vertical-align:-.05rem}
.o0,.o1,.o2,.o3,.mark{print-color-adjust:exact;-webkit-print-color-adjust:exact}
span.o0,i.o0{background:var(--o0)}span.o1,i.o1{background:var(--o1)}span.o2,i.o2{background:var(--o2)}
span.o3,i.o3{background:var(--o3)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;position:relative}
th{text-align:start;font-weight:500}
td,th{padding-block:.3rem;padding-inline:0 .5rem;vertical-align:top}
.n{text-align:end;padding-inline-end:0;white-space:nowrap}
.bars th{width:40%;font-weight:400;overflow-wrap:anywhere}.bars td,.bars th{vertical-align:middle}
.bars .bar{width:100%}
.bars .bar div{display:flex;gap:2px;height:.85rem}.bars .bar small{color:var(--soft);font-size:.85rem}
caption,.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.bars .bar span{border-radius:.1rem;min-width:2px}
.pair .bars tr{display:grid;grid-template-columns:1fr auto;padding:.3rem 0}
.pair .bars .bar{grid-row:2;grid-column:1/3}.pair .bars th,.pair .bars td{width:auto;padding:0}
.day{white-space:nowrap}
.asked{margin:0;padding-inline-start:1.6rem}.asked li{margin:0 0 1rem}.asked p{margin:0 0 .3rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border:1px solid var(--line);border-radius:.5rem;
padding:.6rem .85rem;margin:0;font-size:.9rem;direction:ltr;text-align:left}
.list thead th{border-bottom:1px solid var(--line);font-weight:600}
.list tbody tr+tr>*{border-top:1px solid var(--line)}
.list td,.list th{padding-inline-end:1rem}.list tr>:last-child{padding-inline-end:0}
details{margin-top:.75rem}summary{cursor:pointer;color:var(--soft);padding:.15rem 0}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin:.5rem 0 0}dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
input{width:100%;font:inherit;color:inherit;background:var(--page);border:1px solid var(--soft);border-radius:.4rem;
padding:.5rem .75rem}
@media (max-width:34rem){.tick{font-size:22px}.list{font-size:.9rem}.list td,.list th{padding-inline-end:.5rem}
.glance thead{position:absolute;clip-path:inset(50%)}
.glance tr{display:block;padding:.4rem 0}
.glance td,.glance th{display:block;border:0!important;text-align:start;padding:0}
.glance th{font-weight:600}.glance td[data-label]::after{content:" " attr(data-label)}section{padding:1rem .9rem}
dl{grid-template-columns:1fr}dl dt{margin-top:.35rem}
.bars tr{display:grid;grid-template-columns:1fr auto;padding:.3rem 0}
.bars .bar{grid-row:2;grid-column:1/3}.bars th,.bars td{width:auto;padding:0}
.tiles{grid-template-columns:1fr 1fr;gap:.6rem}.tiles li{padding:.7rem .9rem}.tiles li:last-child:nth-child(odd){
grid-column:1/3}h1{font-size:1.5rem}main,.site,footer{padding-inline:.75rem}main{padding-top:1.25rem}}
@media print{:root{color-scheme:light}body{background:#fff}
tr,li,svg,.verdict,.tiles li,pre{break-inside:avoid}h2,h3,summary{break-after:avoid}
.site,.skip,summary::marker{display:none}summary{list-style:none}
details::details-content{content-visibility:visible;block-size:auto;display:block}}
"""
