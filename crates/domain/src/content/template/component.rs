//! The parts of a template that have places to fill.

use std::collections::BTreeSet;

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::field::{distinct, ensure, entries, tagged};

use super::button::Button;
use super::parameter::{
    BodyParameter, HeaderParameter, OfferParameter, OrderStatusParameter, TapTargetParameter,
    named_all_or_none,
};

/// A part of a template, told apart by its `type`.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Component {
    /// What stands above the body.
    Header(Header),
    /// The body.
    Body(Body),
    /// What stands below the body.
    Footer(Body),
    /// One button.
    Button(Button),
    /// The time an offer ends.
    LimitedTimeOffer(LimitedTimeOffer),
    /// Cards side by side.
    Carousel(Carousel),
    /// What opens when the message itself is tapped.
    TapTargetConfiguration(TapTargets),
    /// News of a bill (India, Brazil).
    OrderStatus(OrderStatus),
}
tagged!(Component {
    Header,
    Body,
    Footer,
    Button,
    LimitedTimeOffer,
    Carousel,
    TapTargetConfiguration,
    OrderStatus
});

/// The places of a header: a text, or the medium itself.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What fills them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(dive)]
    pub parameters: Vec<HeaderParameter>,
}

/// The places of a body or a footer.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// What fills them: all by name, or all by their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(dive, custom(named_all_or_none))]
    pub parameters: Vec<BodyParameter>,
}

/// The time an offer ends.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct LimitedTimeOffer {
    /// Exactly one.
    #[garde(dive, custom(entries(1, 1)))]
    pub parameters: Vec<OfferParameter>,
}

/// What opens when the message itself is tapped.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct TapTargets {
    /// Exactly one.
    #[garde(dive, custom(entries(1, 1)))]
    pub parameters: Vec<TapTargetParameter>,
}

/// News of a bill.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct OrderStatus {
    /// Exactly one.
    #[garde(dive, custom(entries(1, 1)))]
    pub parameters: Vec<OrderStatusParameter>,
}

/// 2 to 10 cards
/// (<https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/media-card-carousel-templates>).
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Carousel {
    /// The cards.
    #[garde(
        dive,
        custom(entries(2, 10)),
        custom(distinct("card_index", |card: &Card| card.card_index))
    )]
    pub cards: Vec<Card>,
}

/// One card.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The place of the card, from 0.
    #[garde(range(max = 9))]
    pub card_index: u8,
    /// What fills its places.
    #[garde(dive)]
    pub components: Vec<CardComponent>,
}

/// A part of a card, told apart by its `type`.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum CardComponent {
    /// The medium or product.
    Header(Header),
    /// The body.
    Body(Body),
    /// One button.
    Button(Button),
}
tagged!(CardComponent { Header, Body, Button });

/// A rule: every part stands at most once, buttons once at each place.
pub(super) fn at_most_one_of_each(components: &[Component], _: &()) -> garde::Result {
    let place = |component: &Component| match component {
        Component::Header(_) => 10,
        Component::Body(_) => 11,
        Component::Footer(_) => 12,
        Component::Button(button) => button.index.get(),
        Component::LimitedTimeOffer(_) => 13,
        Component::Carousel(_) => 14,
        Component::TapTargetConfiguration(_) => 15,
        Component::OrderStatus(_) => 16,
    };
    let places: BTreeSet<u8> = components.iter().map(place).collect();
    ensure(places.len() == components.len(), || {
        "no component may stand twice, and no two buttons may have the same index".to_owned()
    })
}
