//! The queries over the flat Star Schema Benchmark: Q1.1 to Q4.3, and S1 to S12.

use super::Query;

/// Brands of query S8.
const BRANDS: [&str; 20] = [
    "MFGR#113",
    "MFGR#1217",
    "MFGR#1322",
    "MFGR#1440",
    "MFGR#215",
    "MFGR#2211",
    "MFGR#2329",
    "MFGR#2533",
    "MFGR#318",
    "MFGR#3214",
    "MFGR#3321",
    "MFGR#3436",
    "MFGR#412",
    "MFGR#4219",
    "MFGR#4427",
    "MFGR#4531",
    "MFGR#516",
    "MFGR#5212",
    "MFGR#5325",
    "MFGR#5539",
];

/// All of them.
pub(super) fn all() -> Vec<Query> {
    let mut all = discounts();
    all.extend(brands());
    all.extend(places());
    all.extend(profits());
    all.extend(series());
    all.extend(distincts());
    all.extend(look_ups());
    all
}

fn years(from: &str, to: &str) -> String {
    format!("{{time}} >= {{date {from}}} AND {{time}} < {{date {to}}}")
}

fn discounts() -> Vec<Query> {
    let query = |name, from, to, discount: (u8, u8), quantity: &str, polars_quantity: &str| {
        let (low, high) = discount;
        Query::new(
            name,
            "n",
            format!(
                "SELECT SUM(LO_EXTENDEDPRICE * LO_DISCOUNT) AS revenue FROM {{table}} WHERE {} \
                 AND LO_DISCOUNT BETWEEN {low} AND {high} AND LO_QUANTITY {quantity}",
                years(from, to)
            ),
        )
        .polars(format!(
            "f.filter(between('{from}','{to}') & c('LO_DISCOUNT').is_between({low},{high}) & \
             c('LO_QUANTITY'){polars_quantity}).select((c('LO_EXTENDEDPRICE').cast(pl.Int64)*c('LO_DISCOUNT')).sum())"
        ))
    };
    let (middle, polars_middle) = ("BETWEEN 26 AND 35", ".is_between(26,35)");
    vec![
        query("Q1.1", "1993-01-01", "1994-01-01", (1, 3), "< 25", ".lt(25)"),
        query("Q1.2", "1994-01-01", "1994-02-01", (4, 6), middle, polars_middle),
        query("Q1.3", "1994-02-07", "1994-02-14", (5, 7), middle, polars_middle),
    ]
}

fn brands() -> Vec<Query> {
    let query = |name, part: &str, polars_part: &str, region| {
        Query::new(
            name,
            "nts",
            format!(
                "SELECT SUM(LO_REVENUE) AS revenue, {{year}} AS y, P_BRAND FROM {{table}} \
                 WHERE {part} AND S_REGION = '{region}' GROUP BY {{year}}, P_BRAND ORDER BY y, P_BRAND"
            ),
        )
        .polars(format!(
            "f.filter(({polars_part}) & (c('S_REGION')=='{region}')).group_by(start('1y').alias('y'),'P_BRAND')\
             .agg(sum('LO_REVENUE').alias('revenue')).select('revenue','y','P_BRAND').sort('y','P_BRAND')"
        ))
    };
    vec![
        query("Q2.1", "P_CATEGORY = 'MFGR#12'", "c('P_CATEGORY')=='MFGR#12'", "AMERICA"),
        query(
            "Q2.2",
            "P_BRAND >= 'MFGR#2221' AND P_BRAND <= 'MFGR#2228'",
            "c('P_BRAND').is_between(pl.lit('MFGR#2221'),pl.lit('MFGR#2228'))",
            "ASIA",
        ),
        query("Q2.3", "P_BRAND = 'MFGR#2239'", "c('P_BRAND')=='MFGR#2239'", "EUROPE"),
    ]
}

fn places() -> Vec<Query> {
    let query = |name, level: &str, [filter, polars_filter]: [&str; 2], from, to| {
        Query::new(
            name,
            "sstn",
            format!(
                "SELECT C_{level}, S_{level}, {{year}} AS y, SUM(LO_REVENUE) AS revenue FROM {{table}} \
                 WHERE {filter} AND {} GROUP BY C_{level}, S_{level}, {{year}} ORDER BY y ASC, revenue DESC",
                years(from, to)
            ),
        )
        .polars(format!(
            "f.filter({polars_filter} & between('{from}','{to}'))\
             .group_by('C_{level}','S_{level}',start('1y').alias('y'))\
             .agg(sum('LO_REVENUE').alias('revenue')).sort('y','revenue',descending=[False,True])"
        ))
    };
    let cities = [
        "C_CITY IN ('UNITED KI1','UNITED KI5') AND S_CITY IN ('UNITED KI1','UNITED KI5')",
        "c('C_CITY').is_in(['UNITED KI1','UNITED KI5']) & c('S_CITY').is_in(['UNITED KI1','UNITED KI5'])",
    ];
    let asia =
        ["C_REGION = 'ASIA' AND S_REGION = 'ASIA'", "(c('C_REGION')=='ASIA') & (c('S_REGION')=='ASIA')"];
    let states = [
        "C_NATION = 'UNITED STATES' AND S_NATION = 'UNITED STATES'",
        "(c('C_NATION')=='UNITED STATES') & (c('S_NATION')=='UNITED STATES')",
    ];
    vec![
        query("Q3.1", "NATION", asia, "1992-01-01", "1998-01-01"),
        query("Q3.2", "CITY", states, "1992-01-01", "1998-01-01"),
        query("Q3.3", "CITY", cities, "1992-01-01", "1998-01-01"),
        query("Q3.4", "CITY", cities, "1997-12-01", "1998-01-01"),
    ]
}

fn profits() -> Vec<Query> {
    let query = |name, kinds, keys: &str, filter: &str, polars_filter: &str| {
        let quoted: String = keys.split(", ").map(|key| format!(",'{key}'")).collect();
        Query::new(
            name,
            kinds,
            format!(
                "SELECT {{year}} AS y, {keys}, SUM({{minus LO_REVENUE LO_SUPPLYCOST}}) AS profit FROM {{table}} \
                 WHERE {filter} GROUP BY {{year}}, {keys} ORDER BY y, {keys}"
            ),
        )
        .polars(format!(
            "f.filter({polars_filter}).group_by(start('1y').alias('y'){quoted})\
             .agg((c('LO_REVENUE')-c('LO_SUPPLYCOST')).cast(pl.Int64).sum().alias('profit')).sort('y'{quoted})"
        ))
    };
    let late = years("1997-01-01", "1999-01-01");
    let makers = "C_REGION = 'AMERICA' AND S_REGION = 'AMERICA' AND (P_MFGR = 'MFGR#1' OR P_MFGR = 'MFGR#2')";
    let polars_makers = "(c('C_REGION')=='AMERICA') & (c('S_REGION')=='AMERICA') & \
                         ((c('P_MFGR')=='MFGR#1')|(c('P_MFGR')=='MFGR#2'))";
    let polars_late = "between('1997-01-01','1999-01-01')";
    vec![
        query("Q4.1", "tsn", "C_NATION", makers, polars_makers),
        query(
            "Q4.2",
            "tssn",
            "S_NATION, P_CATEGORY",
            &format!("{makers} AND {late}"),
            &format!("{polars_makers} & {polars_late}"),
        ),
        query(
            "Q4.3",
            "tssn",
            "S_CITY, P_BRAND",
            &format!("S_NATION = 'UNITED STATES' AND {late} AND P_CATEGORY = 'MFGR#14'"),
            &format!("(c('S_NATION')=='UNITED STATES') & {polars_late} & (c('P_CATEGORY')=='MFGR#14')"),
        ),
    ]
}

fn series() -> Vec<Query> {
    vec![
        Query::new(
            "S1",
            "tn",
            "SELECT {day} AS d, SUM(LO_REVENUE) AS revenue FROM {table} WHERE C_REGION = 'ASIA' \
             GROUP BY {day} ORDER BY d",
        )
        .polars(
            "f.filter(c('C_REGION')=='ASIA').group_by(start('1d').alias('d')).agg(sum('LO_REVENUE')).sort('d')",
        ),
        Query::new(
            "S2",
            "sn",
            format!(
                "SELECT P_BRAND, SUM(LO_REVENUE) AS revenue FROM {{table}} WHERE {} GROUP BY P_BRAND \
                 ORDER BY revenue DESC LIMIT 10",
                years("1995-03-01", "1995-04-01")
            ),
        )
        .cut_by(1)
        .polars(
            "f.filter(between('1995-03-01','1995-04-01')).group_by('P_BRAND')\
             .agg(sum('LO_REVENUE').alias('revenue')).sort('revenue',descending=True).head(10)",
        ),
        Query::new(
            "S3",
            "sstnn",
            "SELECT C_NATION, S_NATION, {year} AS y, SUM(LO_REVENUE) AS revenue, COUNT(*) AS c FROM {table} \
             GROUP BY C_NATION, S_NATION, {year}",
        )
        .polars(
            "f.group_by('C_NATION','S_NATION',start('1y').alias('y'))\
             .agg(sum('LO_REVENUE').alias('revenue'), pl.len().alias('c'))",
        ),
        Query::new(
            "S4",
            "nn",
            "SELECT LO_CUSTKEY, SUM(LO_REVENUE) AS revenue FROM {table} GROUP BY LO_CUSTKEY \
             ORDER BY revenue DESC LIMIT 100",
        )
        .cut_by(1)
        .context(&[("useApproximateTopN", false)])
        .polars(
            "f.group_by('LO_CUSTKEY').agg(sum('LO_REVENUE').alias('revenue'))\
             .sort('revenue',descending=True).head(100)",
        ),
    ]
}

fn distincts() -> Vec<Query> {
    vec![
        Query::new("S5", "tn", "SELECT {year} AS y, {distinct LO_CUSTKEY} AS u FROM {table} GROUP BY {year} ORDER BY y")
            .context(&[("useApproximateCountDistinct", false)])
            .polars("f.group_by(start('1y').alias('y')).agg(c('LO_CUSTKEY').n_unique()).sort('y')"),
        Query::new(
            "S6",
            "sa",
            "SELECT C_NATION, {approximate_distinct LO_CUSTKEY} AS u FROM {table} GROUP BY C_NATION ORDER BY C_NATION",
        )
        .polars("f.group_by('C_NATION').agg(c('LO_CUSTKEY').approx_n_unique()).sort('C_NATION')"),
    ]
}

fn look_ups() -> Vec<Query> {
    let brands = BRANDS.map(|b| format!("'{b}'")).join(",");
    vec![
        Query::new(
            "S7",
            "tn",
            "SELECT {month} AS m, SUM(LO_REVENUE) AS revenue FROM {table} WHERE LO_CUSTKEY = 12346 \
             GROUP BY {month} ORDER BY m",
        )
        .polars(
            "f.filter(c('LO_CUSTKEY')==12346).group_by(start('1mo').alias('m')).agg(sum('LO_REVENUE')).sort('m')",
        ),
        Query::new(
            "S8",
            "tnn",
            format!(
                "SELECT {{day}} AS d, SUM(LO_REVENUE) AS revenue, COUNT(*) AS c FROM {{table}} \
                 WHERE P_BRAND IN ({brands}) AND S_NATION = 'CHINA' GROUP BY {{day}} ORDER BY d"
            ),
        )
        .polars(format!(
            "f.filter(c('P_BRAND').is_in([{brands}]) & (c('S_NATION')=='CHINA')).group_by(start('1d').alias('d'))\
             .agg(sum('LO_REVENUE'), pl.len().alias('c')).sort('d')"
        )),
        Query::new(
            "S9",
            "nnfnnf",
            "SELECT MIN(LO_REVENUE) AS a, MAX(LO_REVENUE) AS b, {average LO_REVENUE} AS c, MIN(LO_SUPPLYCOST) AS d, \
             MAX(LO_SUPPLYCOST) AS e, {average LO_QUANTITY} AS f FROM {table}",
        )
        .polars(
            "f.select(a=c('LO_REVENUE').min(),b=c('LO_REVENUE').max(),c=c('LO_REVENUE').mean(),\
             d=c('LO_SUPPLYCOST').min(),e=c('LO_SUPPLYCOST').max(),f=c('LO_QUANTITY').mean())",
        ),
        Query::new("S10", "n", "SELECT COUNT(*) AS c FROM {table} WHERE P_NAME LIKE '%lace%'")
            .polars("f.filter(c('P_NAME').str.contains('lace',literal=True)).select(pl.len())"),
        Query::new(
            "S11",
            "sa",
            "SELECT C_REGION, {quantile 0.95 LO_REVENUE} AS p FROM {table} GROUP BY C_REGION ORDER BY C_REGION",
        )
        .polars("f.group_by('C_REGION').agg(c('LO_REVENUE').quantile(0.95,'linear')).sort('C_REGION')"),
        Query::new(
            "S12",
            "tnnnnss",
            "SELECT {time}, LO_ORDERKEY, LO_LINENUMBER, LO_CUSTKEY, LO_REVENUE, S_NAME, P_NAME FROM {table} \
             WHERE C_CITY = 'CHINA    3' ORDER BY {time} DESC LIMIT 100",
        )
        .cut_by(0)
        .polars(
            "f.filter(c('C_CITY')=='CHINA    3').sort(t,descending=True).head(100)\
             .select('LO_ORDERDATE','LO_ORDERKEY','LO_LINENUMBER','LO_CUSTKEY','LO_REVENUE','S_NAME','P_NAME')",
        ),
    ]
}
