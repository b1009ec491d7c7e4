//! Facts about ages and households, and the table that turns households into the age pyramid.

/// Residents of Japan by five-year class (0–4, 5–9 … 95–99, 100 and over), in thousands: 令和2年国勢調査 人口等基本集計
/// (総務省統計局), 不詳補完値, both sexes, 2020-10-01.
#[cfg(test)]
pub(super) const PYRAMID: [u32; 21] = [
    4541, 5114, 5376, 5706, 6320, 6384, 6714, 7498, 8476, 9868, 8738, 7940, 7442, 8236, 9189, 7065, 5404, 3742, 1811,
    500, 80,
];

/// What a household is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Kind {
    /// 単独世帯.
    Single,
    /// 夫婦のみの世帯.
    Couple,
    /// 夫婦と子供1人.
    CoupleOne,
    /// 夫婦と子供2人.
    CoupleTwo,
    /// 夫婦と子供3人.
    CoupleThree,
    /// 女親と子供1人.
    MotherOne,
    /// 女親と子供2人.
    MotherTwo,
    /// 男親と子供1人.
    FatherOne,
    /// 夫婦、子供2人、夫の母.
    ThreeGenerationsTwo,
    /// 夫婦、子供1人、夫の母.
    ThreeGenerationsOne,
    /// Two people who are not related.
    Sharing,
}

/// How many households of each kind make up a block of 100 residents (47 households, 2.13 residents each; 単独世帯 40 %).
/// The shares follow 令和2年国勢調査 (単独 38.1 %, 夫婦のみ 20.1 %, 夫婦と子供 25.1 %, ひとり親と子供 9.0 %, その他 7.7 %).
pub(super) const BLOCK: [(Kind, usize); 11] = [
    (Kind::Single, 19),
    (Kind::Couple, 9),
    (Kind::CoupleOne, 6),
    (Kind::CoupleTwo, 5),
    (Kind::CoupleThree, 1),
    (Kind::MotherOne, 2),
    (Kind::MotherTwo, 1),
    (Kind::FatherOne, 1),
    (Kind::ThreeGenerationsTwo, 1),
    (Kind::ThreeGenerationsOne, 1),
    (Kind::Sharing, 1),
];

/// Households of a whole block.
pub(super) const HOUSEHOLDS: u64 = 47;
/// Residents of a whole block.
pub(super) const RESIDENTS: u64 = 100;

impl Kind {
    /// Residents of a household of this kind.
    pub const fn size(self) -> u64 {
        match self {
            Self::Single => 1,
            Self::Couple | Self::MotherOne | Self::FatherOne | Self::Sharing => 2,
            Self::CoupleOne | Self::MotherTwo => 3,
            Self::CoupleTwo | Self::ThreeGenerationsOne => 4,
            Self::CoupleThree | Self::ThreeGenerationsTwo => 5,
        }
    }

    /// Children of the head.
    pub(super) const fn children(self) -> usize {
        match self {
            Self::Single | Self::Couple | Self::Sharing => 0,
            Self::CoupleOne | Self::MotherOne | Self::FatherOne | Self::ThreeGenerationsOne => 1,
            Self::CoupleTwo | Self::MotherTwo | Self::ThreeGenerationsTwo => 2,
            Self::CoupleThree => 3,
        }
    }

    /// Head and spouse live together.
    pub(super) const fn has_couple(self) -> bool {
        !matches!(
            self,
            Self::Single | Self::MotherOne | Self::MotherTwo | Self::FatherOne | Self::Sharing
        )
    }

    /// One parent with children.
    pub(super) const fn single_parent(self) -> bool {
        matches!(self, Self::MotherOne | Self::MotherTwo | Self::FatherOne)
    }

    /// Weights, per mille, of the five-year class of the head's age. They were fitted (iterative proportional fitting over
    /// the rules of [`super::compose`]) so that all members together follow [`PYRAMID`].
    pub(super) const fn head_ages(self) -> &'static [u16; 21] {
        match self {
            Self::Single => &[
                0, 0, 0, 40, 56, 62, 66, 10, 3, 63, 82, 72, 66, 91, 132, 85, 69, 64, 30, 6, 2,
            ],
            Self::Couple => &[
                0, 0, 0, 0, 57, 66, 67, 16, 5, 36, 80, 80, 73, 93, 129, 101, 78, 69, 38, 10, 0,
            ],
            Self::CoupleOne => &[
                0, 0, 0, 0, 6, 8, 25, 79, 80, 103, 103, 108, 101, 97, 100, 90, 101, 0, 0, 0, 0,
            ],
            Self::CoupleTwo => &[
                0, 0, 0, 0, 0, 2, 6, 65, 222, 208, 105, 90, 91, 81, 69, 61, 0, 0, 0, 0, 0,
            ],
            Self::CoupleThree => &[0, 0, 0, 0, 0, 2, 2, 26, 226, 380, 132, 78, 81, 73, 0, 0, 0, 0, 0, 0, 0],
            Self::MotherOne => &[
                0, 0, 0, 0, 2, 2, 32, 394, 94, 53, 54, 64, 51, 40, 40, 45, 63, 67, 0, 0, 0,
            ],
            Self::MotherTwo => &[0, 0, 0, 0, 2, 2, 6, 337, 391, 93, 39, 52, 47, 31, 0, 0, 0, 0, 0, 0, 0],
            Self::FatherOne => &[
                0, 0, 0, 0, 0, 2, 7, 103, 245, 138, 58, 77, 71, 60, 50, 44, 66, 81, 0, 0, 0,
            ],
            Self::ThreeGenerationsTwo => &[
                0, 0, 0, 0, 0, 0, 15, 94, 231, 243, 124, 110, 102, 81, 0, 0, 0, 0, 0, 0, 0,
            ],
            Self::ThreeGenerationsOne => &[
                0, 0, 0, 0, 0, 0, 50, 136, 131, 164, 147, 145, 124, 101, 0, 0, 0, 0, 0, 0, 0,
            ],
            Self::Sharing => &[
                0, 0, 0, 0, 61, 68, 55, 13, 7, 47, 84, 81, 78, 102, 130, 98, 78, 66, 33, 0, 0,
            ],
        }
    }
}
